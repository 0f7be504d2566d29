import Foundation

/// Keeps the input that is being checked in a file, which outlives a crash.
final class InputKeeper {
    private let descriptor: Int32

    init?(path: String) {
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        if descriptor < 0 { return nil }
    }

    func keep(_ input: [UInt8]) {
        _ = pwrite(descriptor, input, input.count, 0)
        _ = ftruncate(descriptor, off_t(input.count))
    }

    deinit { close(descriptor) }
}
