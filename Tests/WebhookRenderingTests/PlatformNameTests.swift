import Foundation
import Testing
import WebhookCore
import WebhookRegistry

@testable import WebhookRendering

/// Every name that a built-in profile puts on the wire or describes, against what the platforms publish.
///
/// `Platforms/` holds the facts, spelled as the platforms spell them: `braincert.json` with whole examples, `others.json`
/// with the names alone (null: not published; `*`: any key).
@Suite("Names as the platforms spell them")
struct PlatformNameTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Platforms")
    private static let catalog = ProfileCatalog()

    private static func context(_ file: String) throws -> JSONValue {
        try JSON.parse(ByteString([UInt8](Data(contentsOf: folder.appendingPathComponent(file)))))
    }

    @Test("BrainCert: topics, wire names, envelope and payload")
    func braincert() throws {
        let profile = try #require(Self.catalog.profile(named: "braincert"))
        let topics = try #require(Self.context("braincert.json")["topics"]?.array)
        #expect(Set(profile.topics.map(\.topic)) == Set(topics.compactMap { $0["topic"]?.string }))
        #expect(topics.count == profile.topics.count)
        for fact in topics {
            let name = try #require(fact["topic"]?.string)
            let topic = try #require(profile.topic(name))
            #expect(topic.title == fact["title"]?.string)
            #expect(
                topic.wire == ["resource", "action"].map { WireName(key: $0, value: fact[$0]?.string ?? "") },
                "\(name)"
            )
            let envelope = fact["envelopeKeys"]?.array?.compactMap(\.string)
            #expect(try Self.members(of: topic, profile) == envelope, "\(name)")
            if let example = fact["payloadExample"] {
                let names = Self.names(of: example)
                #expect(Self.names(of: topic.example) == names, "\(name)")
                #expect(Self.names(of: topic.fields) == names, "\(name)")
                try Self.checkSchema(topic, names)
            }
        }
    }

    @Test("the others", arguments: ["fellow", "fermion", "loopwise", "standard", "teachify"])
    func others(name: String) throws {
        let profile = try #require(Self.catalog.profile(named: name))
        let context = try #require(Self.context("others.json")[name])
        let topics = try #require(context["topics"]?.array)
        #expect(profile.topics.map(\.topic) == topics.compactMap { $0["topic"]?.string })
        let known = Set(topics.compactMap { $0["fields"] }.flatMap { Self.names(of: $0) })
        for fact in topics {
            let topic = try #require(profile.topic(fact["topic"]?.string ?? ""))
            if let title = fact["title"]?.string { #expect(topic.title == title) }
            #expect(topic.isDocumented == (fact["documented"]?.raw == "true"), "\(topic.topic)")
            let wire = fact["wire"]?.object?.map { WireName(key: $0.key, value: $0.value.string ?? "") }
            #expect(topic.wire == wire)
            let envelope =
                fact["keys"]?.array?.compactMap(\.string) ?? context["envelope"].map { $0.object?.map(\.key) ?? [] }
            #expect(try Self.members(of: topic, profile) == envelope, "\(topic.topic)")
            guard name != "standard" else { continue }
            guard let fields = fact["fields"], !fields.isNull else {
                // What is not published is marked so. Fermion's sale is like its other events.
                #expect(!topic.isDocumented)
                guard name == "fermion" else { continue }
                #expect(Set(Self.names(of: topic.fields)).isSubset(of: known), "\(topic.topic)")
                #expect(Set(Self.names(of: topic.example)).isSubset(of: known), "\(topic.topic)")
                continue
            }
            let names = Self.names(of: fields)
            #expect(Self.names(of: topic.fields) == names, "\(topic.topic)")
            let free = names.filter { $0.hasSuffix(".*") }.map { $0.dropLast() }
            let example = Self.names(of: topic.example).filter { name in !free.contains { name.hasPrefix($0) } }
            #expect(example == names.filter { !$0.hasSuffix(".*") }, "\(topic.topic)")
            try Self.checkSchema(topic, names)
        }
        #expect(try Self.headers(of: profile) == context["headers"]?.array?.compactMap(\.string))
    }

    @Test("Fermion's payload begins with the event's type")
    func mergedEnvelope() throws {
        let profile = try #require(Self.catalog.profile(named: "fermion"))
        let context = try #require(Self.context("others.json")["fermion"]?["envelope"]?["payload"]?.object)
        for topic in profile.topics {
            let payload = try #require(Self.body(of: topic, profile)["payload"]?.object)
            #expect(payload.first?.key == context.first?.key)
            #expect(payload.dropFirst().map(\.key) == topic.example.object?.map(\.key))
        }
    }

    /// The members of the body that is sent with a topic's example.
    private static func members(of topic: ProfileTopic, _ profile: Profile) throws -> [String] {
        if profile.contentTypes.first == .form {
            let body = try Fixtures.body(event(topic), for: Fixtures.subscription("a", profile))
            return body.split(separator: "&").map { String($0.prefix { $0 != "=" }) }
        }
        return try body(of: topic, profile).object?.map(\.key) ?? []
    }

    private static func body(of topic: ProfileTopic, _ profile: Profile) throws -> JSONValue {
        try JSON.parse(ByteString(Fixtures.body(event(topic), for: Fixtures.subscription("a", profile))))
    }

    private static func event(_ topic: ProfileTopic) throws -> Event {
        let name = topic.topic == ProfileTopic.anyName ? "example.event" : topic.topic
        return try Fixtures.event(topic.example.compactText.text, topic: name)
    }

    /// The headers of a request beside those that every request has.
    private static func headers(of profile: Profile) throws -> [String] {
        var subscription = Fixtures.subscription("a", profile)
        subscription.secrets = profile.signature == nil ? [] : [Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
        let event = try event(profile.topics[0])
        let prepared = try WebhookRenderer(subscriptions: [subscription])
            .request(for: Fixtures.attempt(event), to: subscription, body: "{}")
        return prepared.request.headers.map(\.name).filter { !["Content-Type", "User-Agent"].contains($0) }
    }

    /// The names of a value and of what is in it, as dotted paths in order; an array's items together.
    private static func names(of value: JSONValue, _ prefix: String = "") -> [String] {
        var names: [String] = []
        for item in value.array ?? [value] {
            for member in item.object ?? [] {
                for name in [prefix + member.key] + Self.names(of: member.value, "\(prefix)\(member.key).")
                where !names.contains(name) {
                    names.append(name)
                }
            }
        }
        return names
    }

    private static func names(of fields: [ProfileField], _ prefix: String = "") -> [String] {
        fields.flatMap { [prefix + $0.name] + names(of: $0.type, "\(prefix)\($0.name).") }
    }

    private static func names(of type: FieldType, _ prefix: String) -> [String] {
        switch type {
        case .object(let fields): return names(of: fields, prefix)
        case .array(let item): return names(of: item, prefix)
        case .map(let value): return ["\(prefix)*"] + names(of: value, "\(prefix)*.")
        case .union(let types):
            var names: [String] = []
            for name in types.flatMap({ Self.names(of: $0, prefix) }) where !names.contains(name) { names.append(name) }
            return names
        default: return []
        }
    }

    /// Compares the schema's properties, and the names in the TypeScript type.
    private static func checkSchema(_ topic: ProfileTopic, _ names: [String]) throws {
        let schema = try JSON.parse(ByteString(ProfileSchema.jsonSchema(for: topic)))
        let known = Set(names.flatMap { $0.split(separator: ".").map(String.init) })
        let properties = Self.properties(of: schema)
        #expect(properties == known.subtracting(["*"]), "\(topic.topic)")
        let typeScript = ProfileSchema.typeScript(for: topic)
        for name in properties { #expect(typeScript.contains(name), "\(topic.topic): \(name)") }
    }

    private static func properties(of schema: JSONValue) -> Set<String> {
        var names: Set<String> = []
        for member in schema.object ?? [] {
            if member.key == "properties" {
                names.formUnion(member.value.object?.map(\.key) ?? [])
                for property in member.value.object ?? [] { names.formUnion(properties(of: property.value)) }
            } else {
                for item in member.value.array ?? [member.value] { names.formUnion(properties(of: item)) }
            }
        }
        return names
    }
}
