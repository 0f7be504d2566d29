internal import Glibc

/// Asks a person; a program that isn't one is taken at its word.
enum Question {
    /// Whether the answer is yes. Asks only where stdin and stderr are a terminal: elsewhere the answer is yes.
    static func confirms(_ text: String) -> Bool {
        guard isatty(STDIN_FILENO) == 1, Terminal.standardError.isTerminal else { return true }
        Output.error.write("\(text) [y/N] ")
        let answer = readLine() ?? ""
        return ["y", "yes"].contains(answer.lowercased())
    }
}
