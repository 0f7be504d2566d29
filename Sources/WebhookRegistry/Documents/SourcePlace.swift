/// A place in a configuration file.
public struct SourcePlace: Sendable, Hashable {
    /// The file as the user would name it.
    public var file: String
    /// From 1.
    public var line: Int
    /// In characters, from 1.
    public var column: Int

    public init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }
}
