internal import ArgumentParser
internal import Glibc
internal import WebhookCore
internal import Webhooks

/// A secret from where it isn't seen.
struct SecretOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Reads the secret from an environment variable.", valueName: "name"))
    var secretEnv: String?

    @Option(
        help: ArgumentHelp("Reads the secret from a file; one trailing newline is removed.", valueName: "path"),
        completion: .file()
    )
    var secretFile: String?

    @Option(help: "The secret itself. Others see it in the process list: prefer the options above.")
    var secret: String?

    func validate() throws {
        if [secretEnv, secretFile, secret].compactMap({ $0 }).count > 1 {
            throw ValidationError("give one of --secret-env, --secret-file and --secret")
        }
    }

    /// The secret; `nil` where none is given.
    func read() throws -> Secret? {
        if let secretEnv {
            guard let value = getenv(secretEnv) else {
                throw CommandFailure.data("the environment variable \(secretEnv) is not set")
            }
            guard let text = String(validatingCString: value) else {
                throw CommandFailure.data("the environment variable \(secretEnv) is not UTF-8 text")
            }
            return try checked(text, from: secretEnv)
        }
        if let secretFile {
            var bytes = try InputReader.file(secretFile, limit: 1 << 20).bytes
            if bytes.last == UInt8(ascii: "\n") {
                bytes.removeLast()
                if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
            }
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw CommandFailure.data("\(secretFile) is not UTF-8 text")
            }
            return try checked(text, from: secretFile)
        }
        if let secret {
            Output.error.writeLine(
                "warning: --secret shows the secret in the process list; use --secret-env or --secret-file"
            )
            return try checked(secret, from: "--secret")
        }
        return nil
    }

    /// Refuses to go on without a secret; before anything else is looked at.
    func require() throws {
        guard [secretEnv, secretFile, secret].contains(where: { $0 != nil }) else { throw Self.missing }
    }

    func required() throws -> Secret {
        guard let secret = try read() else { throw Self.missing }
        return secret
    }

    private static var missing: ValidationError {
        ValidationError("missing a secret: --secret-env NAME or --secret-file PATH")
    }

    private func checked(_ text: String, from source: String) throws -> Secret {
        guard !text.isEmpty else { throw CommandFailure.data("the secret from \(source) is empty") }
        return Secret(SecretFile.secret(of: text))
    }
}

/// The content of a Standard Webhooks signature: id, timestamp and data.
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
        // Byte for byte, also where they are no text.
        if data != "-", !data.hasPrefix("@"), let bytes = RawArguments.ofProcess.value(of: "--data") {
            return ByteString(bytes)
        }
        return try InputReader.argument(data, limit: Self.maxSize)
    }
}
