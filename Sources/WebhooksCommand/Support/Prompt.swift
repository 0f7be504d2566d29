internal import Glibc

/// Asks a person for values.
enum Prompt {
    /// A line, or the default for an empty one.
    static func ask(_ question: String, default standard: String) -> String {
        Output.error.write("\(PlainText.escaped(question)) [\(PlainText.escaped(standard))]: ")
        let answer = readLine() ?? ""
        return answer.isEmpty ? standard : answer
    }

    /// A line that the terminal doesn't show.
    static func askHidden(_ question: String) -> String {
        Output.error.write("\(PlainText.escaped(question)): ")
        var settings = termios()
        guard tcgetattr(STDIN_FILENO, &settings) == 0 else { return readLine() ?? "" }
        var hidden = settings
        hidden.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(STDIN_FILENO, TCSANOW, &hidden)
        defer {
            tcsetattr(STDIN_FILENO, TCSANOW, &settings)
            Output.error.writeLine()
        }
        return readLine() ?? ""
    }
}
