internal import Glibc
package import WebhookCore

/// The files on this machine.
package struct DiskFiles: ConfigurationFiles {
    /// The longest time for which a pipe may say nothing.
    private let patience: Duration

    package init() { self.init(patience: .seconds(10)) }

    init(patience: Duration) { self.patience = patience }

    package func contents(of path: String, limit: Int) throws(FileProblem) -> ByteString {
        try read(path, limit: limit, takesPipes: false)
    }

    package func contents(named path: String, limit: Int) throws(FileProblem) -> ByteString {
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
        let end = ContinuousClock.now + patience
        var left = patience
        while true {
            let count = poll(&pipe, 1, Int32(left.components.seconds) * 1_000 + 1)
            if count > 0 { return }
            if count == 0 {
                throw FileProblem("is a pipe that gave nothing for \(patience.components.seconds) seconds")
            }
            // A pipe that nobody writes to yet looks like one at its end to whoever reads after a signal.
            guard errno == EINTR else { throw Self.problem(errno) }
            left = max(.zero, end - .now)
        }
    }

    package func folders(in path: String) throws(FileProblem) -> [String] {
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

    package func listing(of path: String) throws(FileProblem) -> FolderListing {
        guard let directory = opendir(path) else { throw Self.problem(errno) }
        defer { closedir(directory) }
        guard let folder = Self.realPath(path) else { throw Self.problem(errno) }
        var listing = FolderListing()
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            var (own, target) = (stat(), stat())
            let file = "\(path)/\(name)"
            // A pipe, or a link to nothing, is named where it is read: left out, its subscriptions would go without a word.
            guard !name.hasPrefix("."), lstat(file, &own) == 0 else { continue }
            guard stat(file, &target) == 0 else {
                listing.files.append(name)
                continue
            }
            guard target.st_mode & S_IFMT != S_IFDIR else { continue }
            let isLink = own.st_mode & S_IFMT == S_IFLNK
            // Links within it are how some systems exchange a folder's files at once.
            let isInside = !isLink || Self.realPath(file)?.hasPrefix(folder == "/" ? folder : folder + "/") == true
            if isInside { listing.files.append(name) } else { listing.strays.append(name) }
        }
        listing.files.sort()
        listing.strays.sort()
        return listing
    }

    private static func realPath(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }

    package func status(of path: String) -> FileStatus? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        let type = status.st_mode & S_IFMT
        let kind: FileStatus.Kind = type == S_IFREG ? .file : type == S_IFDIR ? .folder : .other
        return FileStatus(
            kind: kind,
            mode: status.st_mode & 0o7777,
            owner: status.st_uid,
            group: status.st_gid,
            access: status.st_uid == geteuid() ? .own : Self.isInGroup(status.st_gid) ? .group : .other,
            isWritable: access(path, kind == .folder ? W_OK | X_OK : W_OK) == 0
        )
    }

    private static func isInGroup(_ group: gid_t) -> Bool {
        var groups = [gid_t](repeating: 0, count: Int(max(0, getgroups(0, nil))))
        let count = getgroups(Int32(groups.count), &groups)
        return group == getegid() || groups.prefix(Int(max(0, count))).contains(group)
    }

    package func signature(of path: String) -> FileSignature? { FileSignature(path: path) }

    package func problem(with path: String) -> FileProblem? {
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

/// A stamp that tells one state of a file from another without reading it.
package struct FileSignature: Sendable, Hashable {
    private var device: UInt64 = 0
    private var inode: UInt64 = 0
    private var size: Int64 = 0
    private var seconds: Int = 0
    private var nanoseconds: Int = 0

    /// `nil` where there is no such file.
    package init?(path: String) {
        var info = stat()
        guard stat(path, &info) == 0 else { return nil }
        device = UInt64(info.st_dev)
        inode = UInt64(info.st_ino)
        // What goes through a pipe is no change of it.
        guard [S_IFREG, S_IFDIR].contains(info.st_mode & S_IFMT) else { return }
        size = Int64(info.st_size)
        seconds = info.st_mtim.tv_sec
        nanoseconds = info.st_mtim.tv_nsec
    }
}

/// The status of a file or folder, as the file system reports it.
package struct FileStatus: Sendable, Hashable {
    package enum Kind: Sendable, Hashable { case file, folder, other }
    /// The part of the permission bits that holds for this process. Nobody but the owner may change them.
    package enum Access: Sendable, Hashable { case own, group, other }

    package var kind: Kind
    /// The permission bits, as `chmod` takes them.
    package var mode: UInt32
    package var owner: UInt32
    package var group: UInt32
    package var access: Access
    /// True when this process may change the file, or make files in the folder.
    package var isWritable: Bool

    package init(
        kind: Kind,
        mode: UInt32,
        owner: UInt32 = 0,
        group: UInt32 = 0,
        access: Access = .own,
        isWritable: Bool = true
    ) {
        self.kind = kind
        self.mode = mode
        self.owner = owner
        self.group = group
        self.access = access
        self.isWritable = isWritable
    }

    /// True when others than the owner may read the file. Another's that this process reads through its group is as it has to
    /// be: `root:webhooks`, mode 0640.
    var isReadableByOthers: Bool { mode & othersMask(0o044) & (access == .group ? 0o004 : 0o777) != 0 }

    /// True when others than the owner may change the file, or put another in its place in the folder. In a folder with
    /// the sticky bit, as /tmp has it, everybody may only do so with files of their own.
    var isWritableByOthers: Bool { mode & othersMask(0o022) != 0 && !(kind == .folder && mode & 0o1000 != 0) }

    /// Leaves the group out where it is the owner's alone: many systems give every user a group of the same number.
    private func othersMask(_ bits: UInt32) -> UInt32 { group == owner ? bits & 0o007 : bits }
}

/// A file or folder whose change calls for a reload.
package struct WatchedFile: Sendable, Hashable {
    package var path: String
    /// Its state just before it was read; `nil` where it was missing. Another state since then is a change that the load
    /// has not seen.
    package var signature: FileSignature?

    package init(path: String, signature: FileSignature?) {
        self.path = path
        self.signature = signature
    }
}
