import Foundation
import Testing
import WebhookCore
import WebhookRegistry

/// `docs/configuration.md` says what the loader does.
@Suite struct ConfigurationPageTests {
    private let page: ConfigurationPage

    init() throws {
        page = try ConfigurationPage()
    }

    @Test func everyKeyHasARowAndEveryRowAKey() throws {
        let file = try #require(KnownKeys(within: { $0 }))
        let entry = try #require(KnownKeys(within: { "{ subscriptions: [\($0)] }" }))
        let defaults = try #require(KnownKeys(within: { "{ defaults: \($0) }" }))
        let own = page.rows(under: "The file", first: "key")
        #expect(file.undocumented(by: own.map(\.key), except: ["defaults", "subscriptions"]) == [])
        #expect(own.map(\.key).filter { !file.all.contains($0) } == [])
        let rows = page.rows(under: "A subscription", first: "key")
        #expect(entry.undocumented(by: rows.map(\.key)) == [])
        #expect(rows.map(\.key).filter { !entry.all.contains($0) } == [])
        for row in rows {
            #expect(row.cells[4] == (defaults.all.contains(row.key) ? "yes" : "no"), "\(row.key)")
        }
        #expect(own.count >= 11 && rows.count >= 30)
    }

    @Test func everyDefaultIsTheBuiltInOne() throws {
        /// Loads a configuration, as far as settings have to do with it.
        func load(_ own: [String], _ entry: [String]) throws -> String {
            let needed = "name: a, url: 'https://x.example/', topics: ['**'], secrets: [\(Sample.whsec)]"
            let subscription = "{ \(([needed] + entry).joined(separator: ", ")) }"
            let text = "{ \((own + ["subscriptions: [\(subscription)]"]).joined(separator: ", ")) }"
            let registry = try #require(Sample.load(text).registry, "\(own + entry)")
            let loaded = try #require(registry.subscriptions.first)
            let transfer = "\(loaded.profile.name) \(loaded.httpVersion) \(loaded.isEnabled)"
            return "\(registry.settings) \(transfer) \(loaded.policy)"
        }
        let plain = try load([], [])
        var count = 0
        for row in page.rows(under: "The file", first: "key") {
            guard let value = row.valueOfDefault else { continue }
            #expect(try load([row.setting(value)], []) == plain, "\(row.key)")
            count += 1
        }
        for row in page.rows(under: "A subscription", first: "key") {
            guard let value = row.valueOfDefault else { continue }
            #expect(try load([], [row.setting(value)]) == plain, "\(row.key)")
            count += 1
        }
        #expect(count >= 15)
    }

    @Test func everyProfileThatNeedsASecretIsNamed() throws {
        let row = try #require(page.rows(under: "A subscription", first: "key").first { $0.key == "secrets" })
        let named = ConfigurationPage.code(in: row.cells[3])
        let needing = ProfileCatalog().all().filter { $0.signature?.requiresSecret == true }.map(\.name)
        #expect(Set(named) == Set(needing) && named.count == needing.count)
    }

    @Test func everyOperatorIsListed() throws {
        let problems = Sample.problems(Sample.subscription("filter: { data.x: { \(KnownKeys.probe): 1 } }"))
        let known = try #require(problems.lazy.compactMap(KnownKeys.list).first)
        let listed = page.rows(under: "Filters", first: "operator").flatMap { ConfigurationPage.code(in: $0.cells[0]) }
        #expect(Set(listed) == Set(known) && listed.count == known.count)
    }

    @Test func everyFilterPassesAsTheTablesSay() throws {
        let rows = page.rows(under: "Filters", first: "filter")
        for row in rows {
            let data = try #require(ConfigurationPage.code(in: row.cells[1]).first)
            let filter = try #require(Sample.only(Sample.subscription("filter: { \(row.key) }"))?.filter, "\(row.key)")
            let event = try Event(topic: "course.created", data: ByteString(data))
            let passes = filter.accepts(event, data: try JSON.parse(event.data))
            #expect(passes == (row.cells[2] == "yes"), "\(row.key) on \(data)")
        }
        #expect(rows.count >= 25)
    }
}

/// The page, taken apart.
struct ConfigurationPage {
    /// A row of a table.
    struct Row {
        var cells: [String]

        /// The first cell's code.
        var key: String { ConfigurationPage.code(in: cells[0]).first ?? cells[0] }

        /// The value that the fourth column gives as default; `nil` where it is none, or a sentence.
        var valueOfDefault: String? {
            let words = ConfigurationPage.code(in: cells[3])
            return words.count == 1 && cells[3] == "`\(words[0])`" ? words[0] : nil
        }

        /// The key with a value, as a flow mapping's member.
        func setting(_ value: String) -> String {
            let path = key.split(separator: ".")
            return path.dropLast().map { "\($0): { " }.joined() + "\(path.last ?? ""): \(value)"
                + String(repeating: " }", count: path.count - 1)
        }
    }

    private let lines: [String]

    init() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appendingPathComponent("docs/configuration.md"), encoding: .utf8)
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    /// The rows of a section's tables whose first column has this head.
    func rows(under title: String, first head: String) -> [Row] {
        let section = lines.drop { !$0.hasPrefix("#") || !$0.hasSuffix("# \(title)") }.dropFirst()
            .prefix { !$0.hasPrefix("#") }
        var rows: [Row] = []
        var isWanted = false
        var isInTable = false
        for line in section {
            guard line.hasPrefix("|") else {
                isInTable = false
                continue
            }
            let cells = line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast()
                .map { $0.trimmingCharacters(in: .whitespaces) }
            if !isInTable { isWanted = cells.first == head }
            if isInTable, isWanted, cells.first?.hasPrefix("---") == false { rows.append(Row(cells: cells)) }
            isInTable = true
        }
        return rows
    }

    /// The texts between backticks.
    static func code(in text: String) -> [String] {
        text.split(separator: "`", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }
            .map { String($0.element) }
    }
}

/// The keys that the loader knows, found by asking for one that it doesn't: its message lists the others.
struct KnownKeys {
    /// Like no other key.
    static let probe = "zzzzzzzzzzzz"

    /// Paths below the mapping, those that hold further keys included.
    private(set) var all: [String] = []
    private var leaves: [String] = []

    /// - Parameter within: a document around a mapping; `nil` where there is none.
    init?(within document: @escaping (String) -> String) {
        guard let keys = Self.keys(document) else { return nil }
        collect(keys, "", document)
    }

    /// Paths without a row of their own.
    func undocumented(by rows: [String], except containers: Set<String> = []) -> [String] {
        leaves.filter { path in
            !rows.contains(path) && !containers.contains { path.hasPrefix("\($0).") }
        }
    }

    /// The list at the end of a message about an unknown key.
    static func list(_ message: String) -> [String]? {
        guard let start = message.range(of: "it may be ") ?? message.range(of: "it may have ") else { return nil }
        let list = String(message[start.upperBound...])
        return list.contains("`") ? ConfigurationPage.code(in: list) : nil
    }

    private static func keys(_ document: (String) -> String) -> [String]? {
        Sample.problems(document("{ \(probe): 1 }")).lazy.filter { $0.contains("unknown key") }.compactMap(list).first
    }

    private mutating func collect(_ keys: [String], _ prefix: String, _ document: @escaping (String) -> String) {
        for key in keys {
            all.append(prefix + key)
            let inside: (String) -> String = { document("{ \(key): \($0) }") }
            let below = Self.keys(inside) ?? Self.keys { inside("[\($0)]") }
            // A value from elsewhere, { env: NAME } or { file: PATH }, is one value.
            if let below, below != ["env", "file"] {
                let isList = Self.keys(inside) == nil
                collect(below, prefix + key + ".") { isList ? inside("[\($0)]") : inside($0) }
            } else {
                leaves.append(prefix + key)
            }
        }
    }
}
