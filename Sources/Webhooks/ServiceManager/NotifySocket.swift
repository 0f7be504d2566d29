internal import Glibc

/// The datagram socket on which a service manager listens for its services: `NOTIFY_SOCKET` of sd_notify(3).
// Safe to share: never changed after it was made, and a datagram is sent whole.
final class NotifySocket: @unchecked Sendable {
    private let descriptor: Int32
    private var address = sockaddr_un()
    private let addressSize: socklen_t

    /// The longest wait for a service manager that doesn't read.
    private static let patience = timeval(tv_sec: 5, tv_usec: 0)

    /// Opens a socket; it is kept, so that a lack of descriptors later silences nobody.
    ///
    /// - Parameter name: a path, or `@` and a name in Linux's abstract namespace. `nil` for anything else.
    init?(_ name: String) {
        var bytes = Array(name.utf8)
        let isAbstract = bytes.first == UInt8(ascii: "@")
        guard bytes.count > 1, isAbstract || bytes.first == UInt8(ascii: "/"), !bytes.contains(0) else { return nil }
        if isAbstract { bytes[0] = 0 }
        let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
        let isWhole = withUnsafeMutableBytes(of: &address.sun_path) { path in
            // A path ends with a zero, an abstract name with its size.
            guard bytes.count + (isAbstract ? 0 : 1) <= path.count else { return false }
            path.copyBytes(from: bytes)
            return true
        }
        guard isWhole else { return nil }
        address.sun_family = sa_family_t(AF_UNIX)
        addressSize = socklen_t(offset + bytes.count + (isAbstract ? 0 : 1))
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        var patience = Self.patience
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Sends a message; returns the system's error number, 0 for none.
    func send(_ message: String) -> Int32 {
        var target = address
        let bytes = Array(message.utf8)
        let count = withUnsafePointer(to: &target) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), $0, addressSize)
            }
        }
        return count < 0 ? errno : 0
    }
}
