import Dispatch
import Glibc

/// Takes SIGINT and SIGTERM for a wish to stop: the second one ends the process at once.
// Safe to share: the sources are made here and never change.
package final class StopSignals: @unchecked Sendable {
    private let sources: [any DispatchSourceSignal]

    /// - Parameter atOnce: called before the process ends at once, with the signal's number.
    package init(_ stop: Stop, atOnce: @escaping @Sendable (Int32) -> Void) {
        let queue = DispatchQueue(label: "harness.signals", qos: .userInteractive)
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                if stop.isStoppedNow {
                    atOnce(number)
                    // The children's guard sees to them.
                    _exit(128 + number)
                }
                stop.stop()
            }
            source.activate()
            return source
        }
    }
}
