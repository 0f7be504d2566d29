internal import Glibc

/// What a descriptor's terminal can show; nothing where it is none.
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
    /// Whether colours may be used: on a terminal that knows them, and not under `NO_COLOR` (no-color.org).
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
