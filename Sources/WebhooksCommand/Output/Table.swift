/// Rows for people: columns as wide as they must be, and no wider than the terminal.
struct Table {
    struct Column {
        var title: String
        /// Whether it may be shortened where the line is too long.
        var isFlexible = false
        var isNumber = false

        init(_ title: String, flexible: Bool = false, number: Bool = false) {
            self.title = title
            isFlexible = flexible
            isNumber = number
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
    private static let least = 8
    private let columns: [Column]
    private var rows: [[Cell]] = []

    init(_ columns: [Column]) {
        self.columns = columns
    }

    var isEmpty: Bool { rows.isEmpty }

    mutating func add(_ cells: [Cell]) { rows.append(cells) }

    /// The lines, the header first.
    func lines(for terminal: Terminal) -> [String] {
        let widths = widths(within: terminal.width)
        let header = columns.map { Cell($0.title, .dim) }
        return ([header] + rows).map { line($0, widths, terminal) }
    }

    /// Prints it to stdout; without rows nothing.
    func write() {
        guard !rows.isEmpty else { return }
        for line in lines(for: .standardOutput) { Output.standard.writeLine(line) }
    }

    private func line(_ cells: [Cell], _ widths: [Int], _ terminal: Terminal) -> String {
        var line = ""
        for (index, cell) in cells.enumerated() {
            let text = TextWidth.fitted(cell.text, to: widths[index])
            let padding = String(repeating: " ", count: widths[index] - TextWidth.of(text))
            let styled = terminal.styled(text, cell.style)
            if index > 0 { line += String(repeating: " ", count: Self.gap) }
            if columns[index].isNumber {
                line += padding + styled
            } else {
                line += styled + padding
            }
        }
        while line.last == " " { line.removeLast() }
        return line
    }

    private func widths(within limit: Int?) -> [Int] {
        var widths = columns.indices.map { index in
            rows.reduce(TextWidth.of(columns[index].title)) { max($0, TextWidth.of($1[index].text)) }
        }
        guard let limit else { return widths }
        while widths.reduce(0, +) + Self.gap * (widths.count - 1) > limit {
            // The widest gives way first. What can't be made to fit wraps.
            guard let index = columns.indices.filter({ columns[$0].isFlexible && widths[$0] > Self.least })
                .max(by: { widths[$0] < widths[$1] })
            else { break }
            widths[index] -= 1
        }
        return widths
    }
}
