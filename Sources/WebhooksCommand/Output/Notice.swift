/// A word beside the results, on stderr: for people a line, under `--json` an object like an error's.
enum Notice {
    /// Something is not as it should be, and the command goes on.
    static func warning(_ code: String, _ message: String, asJSON: Bool) {
        write("warning", .doubtful, code, message, asJSON: asJSON)
    }

    /// Something to know.
    static func note(_ code: String, _ message: String, asJSON: Bool) {
        write("note", .dim, code, message, asJSON: asJSON)
    }

    private static func write(_ kind: String, _ style: Terminal.Style, _ code: String, _ message: String, asJSON: Bool)
    {
        // What was said before comes before.
        Output.standard.flush()
        if asJSON {
            let object = JSONOutput.object([(kind, ["code": .text(code), "message": .text(message)])])
            return Output.error.writeLine(object.line)
        }
        let mark = Terminal.standardError.styled("\(kind):", style)
        Output.error.writeLine("\(mark) \(PlainText.escaped(message))")
    }
}
