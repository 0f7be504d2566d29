import Glibc

/// The socket of a service manager, on which a command's messages come in.
final class ServiceManagerSocket: Sendable {
    /// The value for `NOTIFY_SOCKET`.
    let name: String
    private let descriptor: Int32

    /// Signs of life go on where what is waited for doesn't come.
    private static let mostMessages = 500

    /// - Parameter isAbstract: whether its name is in Linux's abstract namespace instead of a folder.
    init(in sandbox: CommandEnvironment, isAbstract: Bool = false) throws {
        name = (isAbstract ? "@" : "") + sandbox.folder + "/notify"
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(name.utf8)
        if isAbstract { bytes[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let size = socklen_t(2 + bytes.count + (isAbstract ? 0 : 1))
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
        }
        guard code == 0 else { throw Failure("cannot bind \(name): \(String(cString: strerror(errno)))") }
        // A message that never comes fails its test.
        var patience = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    /// The next message, as its lines; `nil` where none comes.
    func next() async -> [String]? {
        let descriptor = descriptor
        return await Program.blocking {
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            return String(decoding: buffer[..<count], as: UTF8.self).split(separator: "\n").map(String.init)
        }
    }

    /// The messages up to the first that has a line which begins with a text, that one included.
    func messages(through text: String) async throws -> [[String]] {
        var messages: [[String]] = []
        while messages.count < Self.mostMessages, let message = await next() {
            messages.append(message)
            if message.contains(where: { $0.hasPrefix(text) }) { return messages }
        }
        throw Failure("no \(text) among \(messages.suffix(10))")
    }
}
