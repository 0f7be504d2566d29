internal import Glibc
internal import WebhookCore

/// File descriptors that connections leave to others.
///
/// Dispatch opens its timers and event queues when they are first needed, and stops the process where it can't; name
/// lookups, certificate files and the store need some, too.
enum DescriptorReserve {
    /// Left free at most; an eighth where the process may open few.
    static let most = 16

    /// A new socket; `nil` and `EMFILE` where it would be one of the reserve.
    ///
    /// The system gives out the lowest number that is free, so that a number tells how many are open.
    static func socket(_ family: Int32, _ kind: Int32, _ number: Int32) -> Int32? {
        let descriptor = Glibc.socket(family, kind, number)
        guard descriptor >= 0 else { return nil }
        guard let total = FileDescriptors.limit else { return descriptor }
        guard Int(descriptor) < total - min(most, total / 8) else {
            close(descriptor)
            errno = EMFILE
            return nil
        }
        return descriptor
    }
}
