import Foundation
import Glibc

/// A file system with little room; gone with the last reference to it.
package final class SmallDisk: Sendable {
    package let path: String

    /// `nil` where mounting is not permitted; then the reason is printed.
    package init?(test: String, megabytes: Int) {
        path = NSTemporaryDirectory() + "webhooks-disk-\(UUID().uuidString)"
        guard mkdir(path, 0o700) == 0 else { return nil }
        guard mount("tmpfs", path, "tmpfs", 0, "size=\(megabytes)m") == 0 else {
            print("\(test) is skipped: a file system can't be mounted here: \(String(cString: strerror(errno)))")
            rmdir(path)
            return nil
        }
    }

    deinit {
        umount2(path, Int32(MNT_DETACH))
        rmdir(path)
    }

    private var filler: String { path + "/filler" }

    /// Takes what room there is.
    package func fill() throws {
        let descriptor = open(filler, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Problem("cannot open \(filler)") }
        defer { close(descriptor) }
        for size in [65_536, 4096] {
            let bytes = [UInt8](repeating: 0, count: size)
            while write(descriptor, bytes, size) == size {}
        }
    }

    /// Gives the room back.
    package func free() { unlink(filler) }

    /// Lets nobody write, or everybody again.
    package func setReadOnly(_ isReadOnly: Bool) throws {
        let flags = UInt(MS_REMOUNT) | (isReadOnly ? UInt(MS_RDONLY) : 0)
        guard mount("tmpfs", path, "tmpfs", flags, nil) == 0 else {
            throw Problem("cannot mount again: \(String(cString: strerror(errno)))")
        }
    }
}
