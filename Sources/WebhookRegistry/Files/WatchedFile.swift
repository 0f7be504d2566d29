/// A file or folder whose change calls for a reload.
public struct WatchedFile: Sendable, Hashable {
    public var path: String
    /// Its state just before it was read; `nil` where it was missing. Another state since then is a change that the load
    /// has not seen.
    public var signature: FileSignature?

    public init(path: String, signature: FileSignature?) {
        self.path = path
        self.signature = signature
    }
}
