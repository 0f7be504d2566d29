import Dispatch
import Glibc

/// A watch on a file that another process writes to (inotify).
final class FileWatch {
    private let source: any DispatchSourceRead

    /// - Parameter onChange: called after each change, on a queue of its own.
    /// - Returns: `nil` where the file can't be watched.
    init?(_ path: String, onChange: @escaping @Sendable () -> Void) {
        let descriptor = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
        guard descriptor >= 0 else { return nil }
        guard inotify_add_watch(descriptor, path, UInt32(IN_MODIFY)) >= 0 else {
            close(descriptor)
            return nil
        }
        source = DispatchSource.makeReadSource(
            fileDescriptor: descriptor,
            queue: DispatchQueue(label: "harness.file-watch")
        )
        source.setEventHandler {
            var events = [UInt8](repeating: 0, count: 4096)
            while read(descriptor, &events, events.count) > 0 {}
            onChange()
        }
        source.setCancelHandler { close(descriptor) }
        source.activate()
    }

    func cancel() { source.cancel() }

    deinit { source.cancel() }
}
