internal import ArgumentParser
internal import Webhooks

/// What a Standard Webhooks signature is over.
struct SignedMessageOptions: ParsableArguments {
    @Option(help: "The value of webhook-id.")
    var id: String

    @Option(
        help: ArgumentHelp("The value of webhook-timestamp: Unix seconds, such as 1772357400.", valueName: "seconds"),
        transform: NumberArgument.read(0...Int64.max)
    )
    var timestamp: Int64

    @Option(
        help: ArgumentHelp(
            "The body, byte for byte: a text, @ and a file's name, or - for stdin.",
            valueName: "text|@file|-"
        ),
        completion: .file()
    )
    var data = "-"

    static let maxSize = 64 << 20

    /// - Parameter asJSON: the form of a note.
    func body(asJSON: Bool) throws -> ByteString {
        // Any text can be signed, the name of a file as well.
        if let hint = InputReader.fileHint(data) {
            Notice.note("data", "--data is this text itself; \(hint)", asJSON: asJSON)
        }
        return try InputReader.argument(data, limit: Self.maxSize)
    }
}
