internal import Glibc
internal import WebhookCore

/// The abilities of a descriptor's terminal; none where it is no terminal.
struct Terminal: Sendable {
    enum Style: String, Sendable {
        case plain = ""
        case bold = "1"
        case dim = "2"
        case good = "32"
        case bad = "31"
        case doubtful = "33"
        case error = "1;31"
    }

    static let standardOutput = Terminal(STDOUT_FILENO)
    static let standardError = Terminal(STDERR_FILENO)

    let isTerminal: Bool
    /// True when colours may be used: on a terminal that knows them, and not under `NO_COLOR` (no-color.org).
    let hasColor: Bool
    /// In columns; `nil` where nothing limits a line.
    let width: Int?

    private init(_ descriptor: Int32) {
        isTerminal = isatty(descriptor) == 1
        let noColor = Self.variable("NO_COLOR").map { !$0.isEmpty } ?? false
        hasColor = isTerminal && !noColor && Self.variable("TERM") != "dumb"
        width = isTerminal ? Self.columns(descriptor) : nil
    }

    /// A text in a style, where there is colour.
    func styled(_ text: String, _ style: Style) -> String {
        hasColor && style != .plain ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
    }

    private static func columns(_ descriptor: Int32) -> Int {
        var size = winsize()
        if ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { return Int(size.ws_col) }
        return variable("COLUMNS").flatMap { Int($0) } ?? 80
    }

    private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}

/// Text from outside, made harmless: no control character and nothing invisible reaches a terminal.
enum PlainText {
    /// One line; line breaks and tabs are escaped as well.
    static func escaped(_ text: String) -> String { escaped(text, keepsLines: false) }

    /// Several lines; line feeds and tabs stay.
    static func escapedLines(_ text: String) -> String { escaped(text, keepsLines: true) }

    /// Records of a file that end with CR LF, as lines.
    static func escapedRecords(_ bytes: [UInt8]) -> [UInt8] {
        Array(escapedLines(String(decoding: bytes, as: UTF8.self).replacing("\r\n", with: "\n")).utf8)
    }

    /// Tells whether a scalar would act on a terminal or on the order of what stands around it.
    static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F...0x9F: true  // C0, DEL, C1
        case 0x2028, 0x2029: true  // line breaks
        case ..<0xAD: false
        // Seen by nobody: bidirectional controls, byte order marks, tags, empty letters. A name may hide in another's.
        default:
            scalar.properties.generalCategory == .format || scalar.properties.isDefaultIgnorableCodePoint
        }
    }

    /// Tells whether a scalar makes one emoji of the one before and itself, or of that and the next.
    private static func joins(_ scalar: Unicode.Scalar, after previous: Unicode.Scalar?) -> Bool {
        guard let previous, previous.value > 0xFF else { return false }
        switch scalar.value {
        case 0xFE0F: return previous.properties.isEmoji
        case 0x200D: return previous.properties.isEmoji || previous.value == 0xFE0F
        default: return false
        }
    }

    private static func escaped(_ text: String, keepsLines: Bool) -> String {
        guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
        var output = ""
        var previous: Unicode.Scalar?
        for scalar in text.unicodeScalars {
            defer { previous = scalar }
            switch scalar {
            case "\n", "\t":
                output += keepsLines ? String(scalar) : scalar == "\n" ? "\\n" : "\\t"
            case "\r": output += "\\r"
            case _ where isUnsafe(scalar) && !joins(scalar, after: previous):
                let digits = String(scalar.value, radix: 16)
                output += "\\u{" + String(repeating: "0", count: max(0, 2 - digits.count)) + digits + "}"
            default: output.unicodeScalars.append(scalar)
            }
        }
        return output
    }
}

/// Asks a person; a program that isn't one is taken at its word.
enum Question {
    /// True when there is a person to ask.
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
