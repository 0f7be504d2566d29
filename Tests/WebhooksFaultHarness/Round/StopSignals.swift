import Dispatch
import Glibc

/// Takes SIGINT and SIGTERM for a wish to stop.
// Safe to share: the sources are made here and never change.
package final class StopSignals: @unchecked Sendable {
    private let sources: [any DispatchSourceSignal]

    package init(_ stop: Stop) {
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                // The second one ends it at once; the children's guard sees to them.
                if stop.isStoppedNow { _exit(128 + number) }
                stop.stop()
            }
            source.activate()
            return source
        }
    }
}
