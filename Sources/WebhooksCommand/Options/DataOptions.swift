internal import ArgumentParser
internal import WebhookCore
internal import Webhooks

/// The payload of one event: given, or a topic's example.
struct DataOptions: ParsableArguments {
    // Unconditional: a negative number begins like an option.
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The payload: JSON, @ and a file's name, or - for stdin.", valueName: "json|@file|-"),
        completion: .file()
    )
    var data: String?

    @Flag(help: "Uses the topic's example as payload.")
    var example = false

    func validate() throws {
        if data != nil && example { throw ValidationError("--data and --example exclude each other") }
    }

    /// Refuses to go on without a payload.
    func require() throws {
        guard data != nil || example else { throw Self.missing }
    }

    /// The payload given with `--data`.
    func read() throws -> ByteString {
        guard let data else { throw Self.missing }
        return try Self.read(data)
    }

    /// The payload that an argument stands for.
    static func read(_ data: String) throws -> ByteString {
        if let hint = InputReader.fileHint(data), let problem = problem(with: ByteString(data)) {
            throw CommandFailure.data(problem, hint: hint)
        }
        return try InputReader.argument(data, limit: Event.maxDataSize)
    }

    private static func problem(with data: ByteString) -> String? {
        do throws(JSONError) {
            _ = try JSON.parse(data)
            return nil
        } catch {
            return WebhooksError.eventData(error).message
        }
    }

    private static var missing: ValidationError {
        ValidationError("missing --data: JSON, @FILE or - for stdin; or --example")
    }
}
