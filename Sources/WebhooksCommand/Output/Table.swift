internal import WebhookCore

/// Rows for people: columns as wide as they must be, and no wider than the terminal.
struct Table {
    struct Column {
        var title: String
        /// True when it may be shortened where the line is too long.
        var isFlexible = false
        var isNumber = false
        /// The turn at which it is left out where shortening is not enough: 1 first; `nil` never.
        var sacrifice: Int?

        init(_ title: String, flexible: Bool = false, number: Bool = false, sacrifice: Int? = nil) {
            self.title = title
            isFlexible = flexible
            isNumber = number
            self.sacrifice = sacrifice
        }
    }

    struct Cell: ExpressibleByStringInterpolation {
        /// Escaped.
        let text: String
        let style: Terminal.Style

        init(_ text: String?, _ style: Terminal.Style = .plain) {
            self.text = text.map(PlainText.escaped) ?? "-"
            self.style = style
        }

        init(stringLiteral value: String) { self.init(value) }
    }

    private static let gap = 2
    private static let least = 12
    private static let leastAtAll = 4
    private let columns: [Column]
    private var rows: [[Cell]] = []

    init(_ columns: [Column]) {
        self.columns = columns
    }

    var isEmpty: Bool { rows.isEmpty }

    mutating func add(_ cells: [Cell]) { rows.append(cells) }

    /// The lines, the header first.
    func lines(for terminal: Terminal) -> [String] {
        var shown = Array(columns.indices)
        var widths = widths(of: shown, within: terminal.width)
        while let limit = terminal.width, Self.total(widths) > limit,
            let victim = shown.filter({ columns[$0].sacrifice != nil })
                .min(by: { (columns[$0].sacrifice ?? 0) < (columns[$1].sacrifice ?? 0) })
        {
            shown.removeAll { $0 == victim }
            widths = self.widths(of: shown, within: limit)
        }
        if let limit = terminal.width { widths = shortened(widths, of: shown, within: limit) }
        let header = columns.map { Cell($0.title, .dim) }
        return ([header] + rows).map { line($0, shown, widths, terminal) }
    }

    /// Prints it to stdout; without rows nothing.
    func write() {
        guard !rows.isEmpty else { return }
        for line in lines(for: .standardOutput) { Output.standard.writeLine(line) }
    }

    private func line(_ cells: [Cell], _ shown: [Int], _ widths: [Int], _ terminal: Terminal) -> String {
        var line = ""
        for (position, column) in shown.enumerated() {
            let cell = cells[column]
            let text = TextWidth.fitted(cell.text, to: widths[position])
            let padding = String(repeating: " ", count: widths[position] - TextWidth.of(text))
            let styled = terminal.styled(text, cell.style)
            if position > 0 { line += String(repeating: " ", count: Self.gap) }
            line += columns[column].isNumber ? padding + styled : styled + padding
        }
        while line.last == " " { line.removeLast() }
        return line
    }

    private func widths(of shown: [Int], within limit: Int?) -> [Int] {
        var widths = shown.map { column in
            rows.reduce(TextWidth.of(columns[column].title)) { max($0, TextWidth.of($1[column].text)) }
        }
        guard let limit else { return widths }
        while Self.total(widths) > limit {
            // The widest gives way first.
            guard
                let widest = shown.indices.filter({ columns[shown[$0]].isFlexible && widths[$0] > Self.least })
                    .max(by: { widths[$0] < widths[$1] })
            else { break }
            widths[widest] -= 1
        }
        return widths
    }

    /// Where nothing else helps, every column of texts gives way, the widest first. What can't be made to fit wraps.
    private func shortened(_ widths: [Int], of shown: [Int], within limit: Int) -> [Int] {
        var shortened = widths
        while Self.total(shortened) > limit {
            let texts = shown.indices.filter { !columns[shown[$0]].isNumber && shortened[$0] > Self.leastAtAll }
            guard let widest = texts.max(by: { shortened[$0] < shortened[$1] }) else { return widths }
            shortened[widest] -= 1
        }
        return shortened
    }

    private static func total(_ widths: [Int]) -> Int { widths.reduce(0, +) + gap * (widths.count - 1) }
}

/// The width of a text on a terminal: wide East Asian characters and emoji take two columns, combining marks none.
enum TextWidth {
    static func of(_ text: String) -> Int {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
        return text.reduce(0) { $0 + of($1) }
    }

    /// As much of a text as fits; where something is left out, `…` stands for it.
    static func fitted(_ text: String, to width: Int) -> String {
        guard of(text) > width else { return text }
        var output = ""
        var used = 0
        for character in text {
            let next = of(character)
            if used + next > width - 1 { break }
            output.append(character)
            used += next
        }
        return output + "…"
    }

    private static func of(_ character: Character) -> Int {
        guard let scalar = character.unicodeScalars.first else { return 0 }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark: return 0
        default: return isWide(scalar.value) ? 2 : 1
        }
    }

    private static func isWide(_ value: UInt32) -> Bool {
        switch value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
            0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE4F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F,
            0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
            true
        default: false
        }
    }
}
