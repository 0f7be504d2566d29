import Foundation

/// The repository's documents, taken apart.
enum Documentation {
    /// The repository's folder.
    static let root: String = {
        var path = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        path.removeLast(4)
        return path.joined(separator: "/")
    }()

    static func text(_ path: String) throws -> String {
        try String(contentsOfFile: "\(root)/\(path)", encoding: .utf8)
    }

    /// Every Markdown document that people are pointed to.
    static func documents() throws -> [String] {
        let docs = try FileManager.default.contentsOfDirectory(atPath: root + "/docs").filter { $0.hasSuffix(".md") }
        return ["README.md", "templates/README.md"] + docs.sorted().map { "docs/\($0)" }
    }

    /// The fenced blocks in a language, in order.
    static func blocks(_ language: String, in text: String) -> [[String]] {
        var blocks: [[String]] = []
        var block: [String]?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            if let lines = block {
                if line == "```" {
                    blocks.append(lines)
                    block = nil
                } else {
                    block = lines + [line]
                }
            } else if line == "```\(language)" {
                block = []
            }
        }
        return blocks
    }

    /// Commands with what they print: a line that begins with `$ `, and those up to the next one.
    static func steps(_ block: [String]) -> [(command: String, output: String)] {
        var steps: [(String, [String])] = []
        for line in block {
            if line.hasPrefix("$ ") {
                steps.append((String(line.dropFirst(2)), []))
            } else if !steps.isEmpty {
                steps[steps.count - 1].1.append(line)
            }
        }
        return steps.map { ($0.0, normalized($0.1.joined(separator: "\n"))) }
    }

    /// An output without what is different every time: ids, times, durations, ports.
    static func normalized(_ text: String, port: UInt16? = nil) -> String {
        var text = text.replacing(/evt_[0-9A-Z]{26}/, with: "EVENT")
            .replacing(/\d{4}-\d\d-\d\dT[\d:.]+Z/, with: "TIME")
            .replacing(/\((now|\d+ (s|min|h|d) ago)\)/, with: "(AGO)")
            // Which phases there are depends on whether a connection was reused.
            .replacing(/[\d.]+ m?s \([^)]*\), (reused )?connection/, with: "SPAN, connection")
        if let port { text = text.replacing(":\(port)", with: ":8787") }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            String(line.reversed().drop { $0 == " " }.reversed())
        }
        return lines.joined(separator: "\n").trimmingCharacters(in: .newlines)
    }

    /// Tells whether an output is the one that is written down; a line that ends in `…` goes on as it likes.
    static func matches(_ output: String, _ written: String) -> Bool {
        let (lines, expected) = (output.split(separator: "\n"), written.split(separator: "\n"))
        return lines.count == expected.count
            && zip(lines, expected).allSatisfy { line, text in
                text.hasSuffix("…") ? line.hasPrefix(text.dropLast()) : line == text
            }
    }

    /// The commands among a help text's examples, as a shell takes them.
    static func examples(inHelp text: String) -> [String] {
        var examples: [String] = []
        var isContinued = false
        for line in text.split(separator: "\n").map(String.init) {
            if isContinued {
                examples[examples.count - 1] += "\n" + line
            } else if line.contains(/^\ \ (\(umask 077; |[a-z-]+ \| )?webhooks [a-z]/) {
                examples.append(line.replacing(/\ {3,}\(.*$/, with: ""))
            } else {
                continue
            }
            isContinued = line.hasSuffix("\\")
        }
        return examples.map { $0.trimmingCharacters(in: .whitespaces) }
    }
}
