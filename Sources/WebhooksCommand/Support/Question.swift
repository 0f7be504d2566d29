internal import Glibc

/// Asks a person; a program that isn't one is taken at its word.
enum Question {
    /// Whether there is a person to ask.
    static var canAsk: Bool { isatty(STDIN_FILENO) == 1 && Terminal.standardError.isTerminal }

    /// Ends the command, with a word, where the answer is not yes. Asks only where stdin and stderr are a terminal:
    /// elsewhere the answer is yes.
    static func confirm(_ text: String) throws {
        guard canAsk else { return }
        Output.error.write("\(PlainText.escaped(text)) [y/N] ")
        let answer = readLine() ?? ""
        if ["y", "yes"].contains(answer.lowercased()) { return }
        Output.error.writeLine("nothing was done")
        throw ExitStatus.negative
    }
}
