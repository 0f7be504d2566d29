internal import Glibc

/// Which file a name stands for. The number of an inode stays its own for as long as somebody has the file open.
struct FileIdentity: Sendable, Hashable {
    var device: UInt64
    var inode: UInt64
    /// How many names the file has.
    var links: Int
    /// In bytes.
    var size: Int64
    var owner: UInt32
    private var type: UInt32

    var isLink: Bool { type == UInt32(S_IFLNK) }
    var isRegular: Bool { type == UInt32(S_IFREG) }

    /// - Returns: `nil` where nothing has the name. A symbolic link is looked at itself.
    init?(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        self.init(status)
    }

    /// Of an open file.
    init?(descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        self.init(status)
    }

    private init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        links = Int(status.st_nlink)
        size = Int64(status.st_size)
        owner = status.st_uid
        type = status.st_mode & UInt32(S_IFMT)
    }

    func isSameFile(as other: FileIdentity) -> Bool { device == other.device && inode == other.inode }
}
