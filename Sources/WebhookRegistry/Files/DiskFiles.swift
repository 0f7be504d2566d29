internal import Glibc
public import WebhookCore

/// The files on this machine.
public struct DiskFiles: ConfigurationFiles {
    /// How long a pipe may say nothing.
    private let patience: Duration

    public init() { self.init(patience: .seconds(10)) }

    init(patience: Duration) { self.patience = patience }

    public func contents(of path: String, limit: Int) throws(FileProblem) -> ByteString {
        try read(path, limit: limit, takesPipes: false)
    }

    public func contents(named path: String, limit: Int) throws(FileProblem) -> ByteString {
        try read(path, limit: limit, takesPipes: true)
    }

    private func read(_ path: String, limit: Int, takesPipes: Bool) throws(FileProblem) -> ByteString {
        // Without waiting for somebody to open the other end of a pipe.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw Self.problem(errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Self.problem(errno) }
        let kind = status.st_mode & S_IFMT
        let isRegular = kind == S_IFREG || kind == S_IFDIR
        guard isRegular || takesPipes else { throw .notRegular }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            if !isRegular { try wait(for: descriptor) }
            let count = chunk.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count >= 0 else { throw Self.problem(errno) }
            if count == 0 { return ByteString(bytes) }
            bytes.append(contentsOf: chunk[0..<count])
            guard bytes.count <= limit else { throw FileProblem("is larger than \(limit) bytes") }
        }
    }

    /// Waits for a pipe to say something, or to end.
    private func wait(for descriptor: Int32) throws(FileProblem) {
        var pipe = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let count = poll(&pipe, 1, Int32(patience.components.seconds) * 1_000)
        if count == 0 { throw FileProblem("is a pipe that gave nothing for \(patience.components.seconds) seconds") }
        if count < 0, errno != EINTR { throw Self.problem(errno) }
    }

    public func folders(in path: String) throws(FileProblem) -> [String] {
        guard let directory = opendir(path) else { throw Self.problem(errno) }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            var status = stat()
            guard !name.hasPrefix("."), stat("\(path)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFDIR
            else { continue }
            names.append(name)
        }
        return names.sorted()
    }

    public func status(of path: String) -> FileStatus? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        let type = status.st_mode & S_IFMT
        let kind: FileStatus.Kind = type == S_IFREG ? .file : type == S_IFDIR ? .folder : .other
        return FileStatus(
            kind: kind,
            mode: status.st_mode & 0o7777,
            owner: status.st_uid,
            group: status.st_gid,
            isWritable: access(path, kind == .folder ? W_OK | X_OK : W_OK) == 0
        )
    }

    public func signature(of path: String) -> FileSignature? { FileSignature(path: path) }

    public func problem(with path: String) -> FileProblem? {
        access(path, R_OK) == 0 ? nil : Self.problem(errno)
    }

    private static func problem(_ code: Int32) -> FileProblem {
        switch code {
        case ENOENT: .missing
        case EISDIR: FileProblem("is a folder")
        case ENOTDIR: FileProblem("is not a folder")
        case EACCES, EPERM: FileProblem("cannot be read: permission denied")
        default: FileProblem("cannot be read: \(String(cString: strerror(code)))")
        }
    }
}
