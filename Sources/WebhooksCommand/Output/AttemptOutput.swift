internal import WebhookCore
internal import Webhooks

/// Attempts as JSON and for people.
enum AttemptOutput {
    /// The interface's ATTEMPT.
    static func json(_ attempt: Attempt) -> JSONOutput {
        .object(JSONOutput.members(of: attempt))
    }

    static func headers(_ headers: [HTTPHeader]) -> JSONOutput {
        .array(headers.map { [.text($0.name), .text($0.value)] })
    }

    /// A body as text, or under another name in base64 where it is none.
    static func body(_ name: String, _ body: ByteString) -> (String, JSONOutput) {
        if let text = body.validatedText { return (name, .text(text)) }
        return (name + "Base64", .text(Base64.encode(body)))
    }

    /// Request, answer and timings, for people.
    static func write(_ attempt: Attempt) {
        let terminal = Terminal.standardOutput
        Output.standard.writeLine()
        Output.standard.writeLine(
            terminal.styled("Attempt \(attempt.number)", .bold) + "  \(attempt.startedAt)  "
                + verdict(attempt, terminal)
        )
        if let detail = attempt.detail { Output.standard.writeLine("  " + PlainText.escaped(detail)) }
        if let timings = timings(attempt) { Output.standard.writeLine("  " + PlainText.escaped(timings)) }
        // What is under way has no request on record yet.
        if !attempt.url.isEmpty {
            writeMessage("> ", "POST \(attempt.url)", attempt.requestHeaders, attempt.requestBody)
        }
        if let status = attempt.status {
            let version = attempt.httpVersion.map { "HTTP/\($0)" } ?? "HTTP"
            writeMessage("< ", "\(version) \(status)", attempt.responseHeaders, attempt.responseBody)
            if attempt.responseTruncated {
                Output.standard.writeLine(terminal.styled("  (the answer is cut short)", .dim))
            }
        }
    }

    private static func verdict(_ attempt: Attempt, _ terminal: Terminal) -> String {
        let result = DeliveryOutput.result(attempt.status, attempt.error) ?? ""
        switch attempt.outcome {
        case .succeeded: return terminal.styled("succeeded", .good) + " " + result
        case .failed: return terminal.styled("failed", .bad) + " " + result
        case .unknown: return terminal.styled("unknown", .doubtful) + " " + result
        case nil: return "in flight"
        }
    }

    private static func timings(_ attempt: Attempt) -> String? {
        guard let duration = attempt.duration else { return nil }
        let phases: [(String, Duration?)] = [
            ("dns", attempt.phases.dns), ("connect", attempt.phases.connect), ("tls", attempt.phases.tls),
            ("first byte", attempt.phases.firstByte),
        ]
        var parts = [RelativeTime.duration(duration)]
        let known = phases.compactMap { name, time in time.map { "\(name) \(RelativeTime.duration($0))" } }
        if !known.isEmpty { parts[0] += " (\(known.joined(separator: ", ")))" }
        if let address = attempt.remoteAddress {
            parts.append("\(attempt.connectionReused ? "reused connection" : "connection") to \(address)")
        }
        return parts.joined(separator: ", ")
    }

    private static func writeMessage(_ mark: String, _ first: String, _ headers: [HTTPHeader], _ body: ByteString) {
        let terminal = Terminal.standardOutput
        func line(_ text: String) {
            Output.standard.writeLine("  " + terminal.styled(mark, .dim) + PlainText.escaped(text))
        }
        line(first)
        for header in headers { line("\(header.name): \(header.value)") }
        guard !body.isEmpty else { return }
        line("")
        guard let text = body.validatedText else { return line("(\(body.count) bytes that are not text)") }
        for part in text.split(separator: "\n", omittingEmptySubsequences: false) { line(String(part)) }
    }
}
