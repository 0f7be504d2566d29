package import WebhookCore

/// A stranger's text in YAML as JSON, within bounds: nothing of it leads anywhere else.
package enum YAMLText {
    /// The most bytes of a text, and of what its aliases stand for.
    package static let mostBytes = 1 << 20

    /// The first problem of a text, without a word of that.
    package struct Problem: Error, Sendable {
        /// From 1.
        package var line = 1
        /// In characters, from 1.
        package var column = 1
        package var message: String
    }

    /// Reads a text.
    package static func json(_ text: ByteString) throws(Problem) -> JSONValue {
        guard text.count <= mostBytes else { throw Problem(message: "the text is larger than 1 MiB") }
        let file = "text"
        do {
            let text = try DocumentReader.text(text, file: file).text
            let tree = try YAMLComposer.compose(text, file: file, aliasLimit: mostBytes)
            return try JSON.parse(ByteString(tree.json))
        } catch let error as DocumentError {
            let found = error.diagnostic
            throw Problem(line: found.line ?? 1, column: found.column ?? 1, message: found.message)
        } catch {
            throw Problem(message: "this is not a YAML document")
        }
    }
}
