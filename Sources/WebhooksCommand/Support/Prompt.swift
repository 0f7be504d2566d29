internal import Glibc
internal import WebhookCore
internal import Webhooks

/// The terminal's settings while it shows what is typed. A signal's handler can be given nothing.
// Written before the handler is set, and by nobody else.
nonisolated(unsafe) private var shownTerminal = termios()

/// Lets the terminal show again what is typed, and ends the process by the signal.
private func showAndEnd(_ number: Int32) {
    tcsetattr(STDIN_FILENO, TCSANOW, &shownTerminal)
    signal(number, SIG_DFL)
    raise(number)
}

/// Asks a person for values.
enum Prompt {
    /// A line, or the default for an empty one.
    ///
    /// - Throws: ``WebhooksError`` with `refused` at the end of the input: who ends it has answered nothing.
    static func ask(_ question: String, default standard: String) throws(WebhooksError) -> String {
        Output.error.write("\(PlainText.escaped(question)) [\(PlainText.escaped(standard))]: ")
        guard let answer = readLine() else { throw ended() }
        return answer.isEmpty ? standard : answer
    }

    /// Asks until the answer is taken; some slips are enough.
    ///
    /// - Parameter take: throws what is wrong with an answer.
    /// - Throws: as ``ask(_:default:)``, or what was wrong with the last answer.
    static func ask(
        _ question: String,
        default standard: String,
        take: (String) throws(WebhooksError) -> Void
    ) throws(WebhooksError) {
        try repeated(take) { () throws(WebhooksError) in try ask(question, default: standard) }
    }

    private static func repeated(
        _ take: (String) throws(WebhooksError) -> Void,
        ask: () throws(WebhooksError) -> String
    ) throws(WebhooksError) {
        for triesLeft in (0..<mostTries).reversed() {
            let answer = try ask()
            do throws(WebhooksError) {
                return try take(answer)
            } catch {
                guard triesLeft > 0 else { throw error }
                Output.error.writeLine(PlainText.escapedLines(error.text(for: .commandLine)))
            }
        }
    }

    private static let mostTries = 5

    /// Asks as ``ask(_:default:take:)`` does, for a line that the terminal doesn't show.
    static func askHidden(
        _ question: String,
        take: (String) throws(WebhooksError) -> Void
    ) throws(WebhooksError) {
        try repeated(take) { () throws(WebhooksError) in try askHidden(question) }
    }

    /// A line that the terminal doesn't show.
    ///
    /// - Throws: as ``ask(_:default:)``.
    static func askHidden(_ question: String) throws(WebhooksError) -> String {
        Output.error.write("\(PlainText.escaped(question)): ")
        guard tcgetattr(STDIN_FILENO, &shownTerminal) == 0 else { return try line() }
        var hidden = shownTerminal
        hidden.c_lflag &= ~tcflag_t(ECHO)
        // Who ends the command here gets a terminal back that shows what is typed.
        let before = [SIGINT, SIGTERM].map { signal($0, showAndEnd) }
        tcsetattr(STDIN_FILENO, TCSANOW, &hidden)
        let answer = readLine()
        tcsetattr(STDIN_FILENO, TCSANOW, &shownTerminal)
        for (number, handler) in zip([SIGINT, SIGTERM], before) { signal(number, handler) }
        guard let answer else { throw ended() }
        Output.error.writeLine()
        return answer
    }

    private static func line() throws(WebhooksError) -> String {
        guard let answer = readLine() else { throw ended() }
        return answer
    }

    private static func ended() -> WebhooksError {
        Output.error.writeLine()
        return WebhooksError(.refused, "nothing was done")
    }
}
