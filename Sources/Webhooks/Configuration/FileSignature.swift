internal import Glibc

/// What tells one state of a file from another without reading it.
struct FileSignature: Equatable {
    private var inode: UInt64 = 0
    private var size: Int64 = 0
    private var seconds: Int = 0
    private var nanoseconds: Int = 0

    /// `nil` where there is no such file.
    init?(path: String) {
        var info = stat()
        guard stat(path, &info) == 0 else { return nil }
        inode = UInt64(info.st_ino)
        size = Int64(info.st_size)
        seconds = info.st_mtim.tv_sec
        nanoseconds = info.st_mtim.tv_nsec
    }

    /// The state of several files.
    static func all(of paths: [String]) -> [FileSignature?] { paths.map(FileSignature.init) }
}
