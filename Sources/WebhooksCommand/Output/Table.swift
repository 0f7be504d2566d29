/// Rows for people: columns as wide as they must be, and no wider than the terminal.
struct Table {
    struct Column {
        var title: String
        /// Whether it may be shortened where the line is too long.
        var isFlexible = false
        var isNumber = false
        /// When it is left out where shortening is not enough: 1 first; `nil` never.
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
            // The widest gives way first. What can't be made to fit wraps.
            guard
                let widest = shown.indices.filter({ columns[shown[$0]].isFlexible && widths[$0] > Self.least })
                    .max(by: { widths[$0] < widths[$1] })
            else { break }
            widths[widest] -= 1
        }
        return widths
    }

    private static func total(_ widths: [Int]) -> Int { widths.reduce(0, +) + gap * (widths.count - 1) }
}
