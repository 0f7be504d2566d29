internal import ArgumentParser
internal import Webhooks

/// What a Standard Webhooks signature is over.
struct SignedMessageOptions: ParsableArguments {
    @Option(help: "The value of webhook-id.")
    var id: String

    @Option(help: "The value of webhook-timestamp: Unix seconds.")
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

    func body() throws -> ByteString { try InputReader.argument(data, limit: Self.maxSize) }
}
