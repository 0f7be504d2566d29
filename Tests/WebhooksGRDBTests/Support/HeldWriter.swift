import Dispatch
import GRDB

/// A host's writer that is held, as by a transaction that waits for something.
final class HeldWriter: Sendable {
    private let end = DispatchSemaphore(value: 0)

    init(_ writer: any DatabaseWriter) {
        let begun = DispatchSemaphore(value: 0)
        let end = end
        writer.asyncWriteWithoutTransaction { _ in
            begun.signal()
            end.wait()
        }
        begun.wait()
    }

    func letGo() { end.signal() }
}
