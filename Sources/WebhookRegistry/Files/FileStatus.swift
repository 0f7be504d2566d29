/// What is known of a file or folder without reading it.
public struct FileStatus: Sendable, Hashable {
    public enum Kind: Sendable, Hashable { case file, folder, other }

    public var kind: Kind
    /// The permission bits, as `chmod` takes them.
    public var mode: UInt32
    public var owner: UInt32
    public var group: UInt32
    /// Whether this process may change the file, or make files in the folder.
    public var isWritable: Bool

    public init(kind: Kind, mode: UInt32, owner: UInt32 = 0, group: UInt32 = 0, isWritable: Bool = true) {
        self.kind = kind
        self.mode = mode
        self.owner = owner
        self.group = group
        self.isWritable = isWritable
    }

    /// Whether others than the owner may read the file.
    var isReadableByOthers: Bool { mode & othersMask(0o044) != 0 }

    /// Whether others than the owner may change the file, or put another in its place in the folder. In a folder with the
    /// sticky bit, as /tmp has it, everybody may only do so with files of their own.
    var isWritableByOthers: Bool { mode & othersMask(0o022) != 0 && !(kind == .folder && mode & 0o1000 != 0) }

    /// Leaves the group out where it is the owner's alone: many systems give every user a group of the same number.
    private func othersMask(_ bits: UInt32) -> UInt32 { group == owner ? bits & 0o007 : bits }
}
