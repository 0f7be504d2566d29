import Foundation
import Testing

/// The table of `docs/guarantees.md` and the tests lead to each other.
@Suite struct GuaranteesPageTests {
    /// The tests that a row cites: a type, and perhaps a function of it.
    private struct Citation: Hashable {
        var type: String
        var function: String?
    }

    /// The declarations of the tests' sources, and the rows that these cite.
    private struct Sources {
        var declared: Set<Citation> = []
        var rows: Set<Int> = []

        init() throws {
            let folder = Documentation.root + "/Tests"
            for name in try FileManager.default.subpathsOfDirectory(atPath: folder) where name.hasSuffix(".swift") {
                let text = try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
                let types = Self.words(behind: "(?:struct|class|enum|extension) ", in: text)
                let functions = Self.words(behind: "func ", in: text)
                for type in types {
                    declared.insert(Citation(type: type))
                    for function in functions { declared.insert(Citation(type: type, function: function)) }
                }
                for rows in Self.words(behind: "/// Rows? ", of: "[0-9, and]+", in: text) {
                    self.rows.formUnion(rows.split { !$0.isNumber }.compactMap { Int($0) })
                }
            }
        }

        /// Finds words by Foundation's expressions, which are far faster without optimisation.
        private static func words(behind prefix: String, of word: String = "\\w+", in text: String) -> [String] {
            guard let expression = try? NSRegularExpression(pattern: "\(prefix)(\(word))") else { return [] }
            let string = text as NSString
            return expression.matches(in: text, range: NSRange(location: 0, length: string.length))
                .map { string.substring(with: $0.range(at: 1)) }
        }
    }

    /// The rows by number, with the tests that they cite.
    private static func rows() throws -> [Int: [Citation]] {
        var rows: [Int: [Citation]] = [:]
        for line in try Documentation.text("docs/guarantees.md").split(separator: "\n") {
            guard let row = line.wholeMatch(of: /\| (\d+) \|.*\|([^|]*)\|/), let number = Int(row.1) else { continue }
            #expect(rows[number] == nil, "there are two rows \(number)")
            rows[number] = row.2.matches(of: /`([A-Z]\w+)(?:\.(\w+))?`/)
                .map { Citation(type: String($0.1), function: $0.2.map(String.init)) }
        }
        return rows
    }

    @Test func `every test that a row cites is there, and every row that a test cites`() throws {
        let (rows, sources) = (try Self.rows(), try Sources())
        #expect(rows.keys.sorted() == Array(1...max(1, rows.count)))
        for (number, citations) in rows {
            for citation in citations {
                #expect(sources.declared.contains(citation), "row \(number) cites \(citation)")
            }
        }
        #expect(sources.rows.count >= 20)
        #expect(sources.rows.subtracting(rows.keys) == [])
    }
}
