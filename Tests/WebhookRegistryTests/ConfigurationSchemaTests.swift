import Foundation
import Testing
import WebhookCore

@testable import WebhookRegistry

/// The JSON Schema of the configuration says what the loader does.
@Suite struct ConfigurationSchemaTests {
    private let schema: JSONValue

    init() throws {
        schema = try JSON.parse(ByteString(ConfigurationSchema.text))
    }

    @Test func everyKeyOfTheLoaderIsInItAndEveryKeyInItIsTheLoaders() throws {
        let file = try #require(KnownKeys(within: { $0 }))
        let entry = try #require(KnownKeys(within: { "{ subscriptions: [\($0)] }" }))
        let defaults = try #require(KnownKeys(within: { "{ defaults: \($0) }" }))
        let operators = Sample.problems(Sample.subscription("filter: { data.x: { \(KnownKeys.probe): 1 } }"))
            .lazy.compactMap(KnownKeys.list).first
        let properties = try #require(schema["properties"])
        func keys(_ value: JSONValue?, except: Set<String> = []) -> Set<String> {
            Set(paths(value, "", except: except))
        }
        #expect(
            keys(properties, except: ["defaults", "subscriptions"])
                == Set(file.all).filter { !$0.hasPrefix("defaults.") && !$0.hasPrefix("subscriptions.") }.union([
                    "$schema"
                ])
        )
        #expect(keys(properties["subscriptions"]?["items"]?["properties"]) == Set(entry.all))
        #expect(keys(properties["defaults"]?["properties"]) == Set(defaults.all))
        let condition = schema["$defs"]?["condition"]?["anyOf"]?.array?.last
        #expect(keys(condition?["properties"]) == Set(try #require(operators)))
    }

    /// Paths of properties, as ``KnownKeys`` has them.
    private func paths(_ properties: JSONValue?, _ prefix: String, except: Set<String>) -> [String] {
        (properties?.object ?? []).flatMap { member -> [String] in
            let own = [prefix + member.key]
            guard !except.contains(member.key) else { return own }
            return own + paths(member.value["properties"], prefix + member.key + ".", except: [])
        }
    }

    @Test func whatTheDocumentsShowIsValid() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        var texts = [try String(contentsOf: root.appendingPathComponent("config/webhooks.yaml"), encoding: .utf8)]
        for name in ["README.md", "docs/configuration.md"] {
            let text = try String(contentsOf: root.appendingPathComponent(name), encoding: .utf8)
            let blocks = text.components(separatedBy: "```yaml\n").dropFirst().map {
                $0.components(separatedBy: "```")[0]
            }
            texts += blocks.filter { $0.contains("\nsubscriptions:") || $0.hasPrefix("subscriptions:") }
        }
        #expect(texts.count >= 4)
        for text in texts { #expect(try problems(text) == [], "\(text)") }
    }

    @Test(arguments: [
        "{ $schema: webhooks.schema.json, x-note: [1, { a: b }], subscriptions: [] }",
        "{ store: { url: 'postgres://u@h/d', schema: hooks, password: { env: PW } }, dispatcher: { lease: 2s } }",
        "{ store: { url: { file: u } }, subscriptions: [] }",
        "{ defaults: { x-a: 1, delivery: { timeout: 5s, schedule: [0, 5s], jitter: 0 } }, subscriptions: }",
        "{ store: { env: STORE }, subscriptions: [{ name: 7, url: 'https://x.example/', topics: [a], tenant: 42, x-on: call }] }",
        "{ subscriptions: [{ name: a, url: { file: u }, topics: ['**'], httpVersion: 2, filter: { data.a: { in: [1, a, null] } } }] }",
    ])
    func whatTheLoaderTakesIsValid(text: String) throws {
        #expect(try problems(text) == [])
        // The loader sees nothing wrong with the form either.
        #expect(Sample.problems(text).filter { $0.contains("unknown key") || $0.contains("must be") } == [])
    }

    @Test(arguments: [
        "{ colour: red }", "{ $id: x, subscriptions: [] }", "{ dispatcher: { maxInFlight: many } }",
        "{ dispatcher: { x-note: 1 } }", "{ subscriptions: {} }", "{ store: { env: A, file: b } }",
        "{ store: { schema: a } }", "{ store: { url: 'postgres://h/d', schema: Hooks } }",
        "{ store: { env: A, url: b } }",
        "{ subscriptions: [{ name: a, url: 'https://x.example/' }] }",
        "{ subscriptions: [{ name: a b, url: 'https://x.example/', topics: [a] }] }",
        "{ subscriptions: [{ name: a, url: 'https://x.example/', topics: [] }] }",
        "{ defaults: { delivery: { timeout: soon } } }", "{ defaults: { delivery: { mode: twice } } }",
        "{ defaults: { name: a } }", "{ defaults: { enabled: maybe } }", "{ defaults: { schema: strict } }",
        "{ subscriptions: [{ name: a, url: 'https://x.example/', topics: [a], filter: { course: 1 } }] }",
        "{ subscriptions: [{ name: a, url: 'https://x.example/', topics: [a], filter: { data.a: { like: 1 } } }] }",
    ])
    func whatTheLoaderRefusesIsNot(text: String) throws {
        #expect(try problems(text) != [])
        #expect(!Sample.problems(text).isEmpty)
    }

    private func problems(_ text: String) throws -> [String] {
        let root = try DocumentReader.read(ByteString(text), file: "w.yaml")
        return SchemaCheck(root: schema).problems(try JSON.parse(ByteString(root.json)), schema, "$")
    }
}

/// Judges a document by the part of JSON Schema that the schema uses.
struct SchemaCheck {
    let root: JSONValue

    func problems(_ value: JSONValue, _ schema: JSONValue, _ path: String) -> [String] {
        if case .bool(let holds) = schema.kind { return holds ? [] : ["\(path): nothing is allowed here"] }
        var found: [String] = []
        func expect(_ holds: Bool, _ problem: String) { if !holds { found.append("\(path): \(problem)") } }
        for member in schema.object ?? [] {
            let (rule, limit) = (member.value, Double(member.value.raw.text) ?? 0)
            switch (member.key, value.kind) {
            case ("$ref", _):
                let name = String((rule.string ?? "").dropFirst("#/$defs/".count))
                found += root["$defs"]?[name].map { problems(value, $0, path) } ?? ["\(path): no \(name)"]
            case ("type", _):
                let types = (rule.array ?? [rule]).compactMap(\.string)
                expect(!types.allSatisfy { !isOf($0, value) }, "none of \(types)")
            case ("enum", _): expect((rule.array ?? []).contains { $0.raw == value.raw }, "none of \(rule.raw.text)")
            case ("anyOf", _):
                let parts = (rule.array ?? []).map { problems(value, $0, path) }
                expect(parts.contains([]), "none of \(parts)")
            case ("pattern", .string(let text)):
                expect(text.range(of: rule.string ?? "", options: .regularExpression) != nil, "doesn't match")
            case ("minimum", .number(let text)): expect(Double(text) ?? 0 >= limit, "too small")
            case ("maximum", .number(let text)): expect(Double(text) ?? 0 <= limit, "too large")
            case ("items", .array(let items)):
                for (index, item) in items.enumerated() { found += problems(item, rule, "\(path)[\(index)]") }
            case ("minItems", .array(let items)): expect(Double(items.count) >= limit, "too few")
            case ("maxItems", .array(let items)): expect(Double(items.count) <= limit, "too many")
            case ("minProperties", .object(let items)): expect(Double(items.count) >= limit, "too few")
            case ("maxProperties", .object(let items)): expect(Double(items.count) <= limit, "too many")
            case ("required", .object):
                for name in (rule.array ?? []).compactMap(\.string) { expect(value[name] != nil, "\(name) is missing") }
            default: break
            }
        }
        return found + (value.object ?? []).flatMap { problems(of: $0, schema, path) }
    }

    private func isOf(_ type: String, _ value: JSONValue) -> Bool {
        switch value.kind {
        case .null: type == "null"
        case .bool: type == "boolean"
        case .number(let text): type == "number" || type == "integer" && Int(text) != nil
        case .string: type == "string"
        case .array: type == "array"
        case .object: type == "object"
        }
    }

    private func problems(of member: JSONValue.Member, _ schema: JSONValue, _ path: String) -> [String] {
        let inner = "\(path).\(member.key)"
        if let own = schema["properties"]?[member.key] { return problems(member.value, own, inner) }
        let pattern = schema["patternProperties"]?.object?.first {
            member.key.range(of: $0.key, options: .regularExpression) != nil
        }
        if let pattern { return problems(member.value, pattern.value, inner) }
        return schema["additionalProperties"].map { problems(member.value, $0, inner) } ?? []
    }
}
