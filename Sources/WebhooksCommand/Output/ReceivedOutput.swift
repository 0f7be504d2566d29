internal import WebhookCore
internal import WebhookReceiver
internal import Webhooks

/// A request that `listen` got, as JSON and for people.
struct ReceivedOutput {
    var request: ReceivedRequest
    /// `nil` where there is no secret to check with.
    var verdict: SignatureCheck.Verdict?
    /// The status that it is answered with.
    var status: Int
    /// The reason why it could not be passed on.
    var problem: String?

    var json: JSONOutput {
        var members: [(String, JSONOutput)] = [
            ("number", .integer(request.number)),
            ("receivedAt", .time(request.receivedAt)),
            ("remote", .text(request.remote)),
            ("method", .text(request.method)),
            ("target", .text(request.target)),
            ("headers", AttemptOutput.headers(request.headers)),
            AttemptOutput.body("body", request.body),
            ("signature", .string(verdict?.rawValue)),
            ("status", .integer(status)),
        ]
        if let problem { members.append(("problem", .text(problem))) }
        return .object(members)
    }

    func write() {
        let terminal = Terminal.standardOutput
        func line(_ text: String = "") { Output.standard.writeLine(PlainText.escaped(text)) }
        line()
        Output.standard.writeLine(
            terminal.styled(
                "#\(request.number)  \(request.receivedAt)  from \(PlainText.escaped(request.remote))",
                .dim
            )
        )
        Output.standard.writeLine(terminal.styled(PlainText.escaped("\(request.method) \(request.target)"), .bold))
        for header in request.headers { line("\(header.name): \(header.value)") }
        if !request.body.isEmpty {
            line()
            if let text = request.body.validatedText {
                Output.standard.writeLine(PlainText.escapedLines(text))
            } else {
                line("(\(request.body.count) bytes that are not text)")
            }
        }
        if let verdict {
            let style: Terminal.Style =
                switch verdict {
                case .valid: .good
                case .invalid: .bad
                case .missing: .doubtful
                }
            Output.standard.writeLine(terminal.styled("signature: \(verdict.rawValue)", style))
        } else {
            Output.standard.writeLine(terminal.styled("signature: not checked", .doubtful))
        }
        if let problem { line("not passed on: \(problem)") }
        Output.standard.writeLine(terminal.styled("answered \(status)", .dim))
    }
}
