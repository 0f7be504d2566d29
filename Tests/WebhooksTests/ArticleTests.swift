import Foundation
import Testing

/// The Swift of the library's articles: each block is a part of a test that compiles and runs, or names products of the package.
@Suite struct ArticleTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// A block of code, with the article that shows it.
    struct Block: Sendable, CustomTestStringConvertible {
        var article: String
        var text: String

        var testDescription: String { "\(article): \(text.prefix { $0 != "\n" })" }

        /// True when it is for the host's Package.swift.
        var isManifest: Bool {
            text.split(separator: "\n").allSatisfy { $0.hasPrefix(".package(") || $0.hasPrefix(".product(") }
        }
    }

    private static func files(in folder: String, _ suffix: String) throws -> [URL] {
        let folder = root.appendingPathComponent(folder)
        let paths = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        return (paths?.allObjects as? [URL] ?? []).filter { $0.path.hasSuffix(suffix) }.sorted { $0.path < $1.path }
    }

    static let blocks: [Block] = (try? readBlocks()) ?? []

    private static func readBlocks() throws -> [Block] {
        var blocks: [Block] = []
        for file in try files(in: "Sources/Webhooks/Webhooks.docc", ".md") {
            let parts = try String(contentsOf: file, encoding: .utf8).components(separatedBy: "```")
            // Every second part stands between fences.
            for index in stride(from: 1, to: parts.count, by: 2) where parts[index].hasPrefix("swift\n") {
                let text = String(parts[index].dropFirst("swift\n".count))
                blocks.append(Block(article: file.lastPathComponent, text: text))
            }
        }
        return blocks
    }

    /// What stands in the tests between `// README:` or `// Documentation:` with a name and the same with `end`, without its
    /// indentation.
    private static func snippets() throws -> Set<String> {
        var snippets: Set<String> = []
        for file in try files(in: "Tests", ".swift") {
            var current: [Substring]?
            for line in try String(contentsOf: file, encoding: .utf8).split(
                separator: "\n",
                omittingEmptySubsequences: false
            ) {
                let trimmed = line.drop { $0 == " " }
                guard trimmed.hasPrefix("// README: ") || trimmed.hasPrefix("// Documentation: ") else {
                    current?.append(line)
                    continue
                }
                if let lines = current {
                    let depth = lines.filter { !$0.isEmpty }.map { $0.prefix { $0 == " " }.count }.min() ?? 0
                    snippets.insert(lines.map { $0.dropFirst(depth) + "\n" }.joined())
                }
                current = trimmed.hasSuffix(": end") ? nil : []
            }
        }
        return snippets
    }

    @Test("There is something to check")
    func some() { #expect(Self.blocks.count >= 10) }

    @Test("Every block is compiled as it stands", arguments: blocks.filter { !$0.isManifest })
    func compiled(_ block: Block) throws {
        #expect(try Self.snippets().contains(block.text), "no test has this code between its marks:\n\(block.text)")
    }

    @Test("What is for a Package.swift names what this package has", arguments: blocks.filter(\.isManifest))
    func manifest(_ block: Block) throws {
        let package = try String(contentsOf: Self.root.appendingPathComponent("Package.swift"), encoding: .utf8)
        for product in block.text.matches(of: #/\.product\(name: "(\w+)", package: "swift-webhooks"\)/#) {
            #expect(package.contains(".library(name: \"\(product.1)\""), "\(product.1)")
        }
        #expect(package.contains("name: \"swift-webhooks\""))
    }
}
