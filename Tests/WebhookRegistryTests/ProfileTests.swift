import Foundation
import Testing
import WebhookCore

@testable import WebhookRegistry

@Suite struct ProfileTests {
    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    @Test func everyFolderIsBuiltIn() throws {
        let folder = Self.root.appendingPathComponent("templates")
        for name in try DiskFiles().folders(in: folder.path) {
            for file in try FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent(name).path) {
                let disk = try DiskFiles().contents(of: folder.path + "/\(name)/\(file)", limit: 1 << 20)
                #expect(BuiltinProfiles.file(profile: name, name: file) == disk, "\(name)/\(file)")
            }
        }
        #expect(try BuiltinProfiles.names == DiskFiles().folders(in: folder.path))
    }

    @Test(arguments: BuiltinProfiles.names)
    func builtInProfilesHaveNoProblems(_ name: String) throws {
        #expect(ProfileCatalog.diagnostics(ofBuiltin: name).map(\.description) == [])
        let profile = try #require(ProfileCatalog().profile(named: name))
        #expect(profile.name == name)
        #expect(!profile.topics.isEmpty)
    }

    @Test func everyTopicHasACanonicalEvent() throws {
        let catalog = ProfileCatalog()
        let canonical = try #require(catalog.profile(named: ProfileCatalog.canonicalName))
        for profile in catalog.all() {
            let topics = profile.topics.map(\.topic).filter {
                // What the dispatcher tells of itself is no event of an application.
                $0 != ProfileTopic.anyName && !OperationalTopic.isOperational($0)
            }
            let unknown = topics.filter { canonical.topic($0) == nil }
            #expect(unknown == [], "\(profile.name)")
        }
    }

    @Test func standard() throws {
        let profile = try #require(ProfileCatalog().profile(named: "standard"))
        #expect(profile.anyTopic)
        #expect(profile.topic("what.ever") != nil)
        #expect(profile.signature?.kind == .standardWebhooks)
        #expect(profile.signature?.requiresSecret == true)
        #expect(profile.contentTypes == [.json, .xml, .form])
        #expect(profile.policy.mode == .retry)
    }

    @Test func theRepositorysConfigurationIsValid() throws {
        let path = Self.root.appendingPathComponent("config/webhooks.yaml").path
        let loaded = ConfigurationLoader(environment: [:]).load(path: path)
        // A checkout's files have the rights that the machine gives them.
        let problems = loaded.diagnostics.filter { !$0.message.hasPrefix("other users of this machine may") }
        #expect(problems.map(\.description) == [])
        #expect(try #require(loaded.registry).subscriptions.count == 9)
    }

    private static let minimal = """
        title: T
        contentTypes: [application/json]
        body: { id: $id, "...": $data, first: [$data.a, $data.b], n: 1.50, t: $$x, o: { w: $wire.k }, z: null }
        topics:
          - topic: a.b
            title: A
            trigger: Something.
            documented: no
            wire: { k: v }
            keys: [id, o]
            fields:
              - { name: s, type: string, format: date-time, enum: [a], nullable: true, optional: true, meaning: m }
              - { name: u, oneOf: [{ type: string }, { type: integer }] }
              - { name: l, type: array, items: { type: object, fields: [{ name: x, type: boolean, const: true }] } }
              - { name: m, type: object, values: { type: number } }
            example: { b: 1.50, a: [true, null, "x"], u: 1, l: [{ x: true }], m: {} }
        """

    private func load(_ text: String) -> LoadedConfiguration {
        Sample.load("templates: t", files: ["t/my/profile.yaml": text])
    }

    @Test func ownProfile() throws {
        let loaded = load(Self.minimal.replacingOccurrences(of: "documented: no", with: "documented: false"))
        #expect(loaded.diagnostics == [])
        let profile = try #require(loaded.catalog.profile(named: "my"))
        #expect(loaded.registry?.profiles["my"] === profile)
        guard case .envelope(let members) = profile.body else { throw FileProblem("no envelope") }
        #expect(
            members == [
                EnvelopeMember(name: "id", value: .reference(.id)),
                EnvelopeMember(name: "...", value: .merge(.data(path: []))),
                EnvelopeMember(name: "first", value: .firstOf([.data(path: ["a"]), .data(path: ["b"])])),
                EnvelopeMember(name: "n", value: .literal("1.50")),
                EnvelopeMember(name: "t", value: .literal("\"$x\"")),
                EnvelopeMember(name: "o", value: .object([EnvelopeMember(name: "w", value: .reference(.wire("k")))])),
                EnvelopeMember(name: "z", value: .literal("null")),
            ]
        )
        let topic = try #require(profile.topic("a.b"))
        #expect(topic.example.raw == #"{"b":1.50,"a":[true,null,"x"],"u":1,"l":[{"x":true}],"m":{}}"#)
        #expect(topic.keys == ["id", "o"])
        #expect(topic.wire == [WireName(key: "k", value: "v")])
        #expect(topic.fields[0].type == .string(format: "date-time", values: ["a"], constant: nil))
        #expect(topic.fields[0].isNullable && topic.fields[0].isOptional)
        #expect(topic.fields[1].type == .union([.string(format: nil, values: [], constant: nil), .integer]))
        let item = ProfileField(name: "x", type: .boolean(constant: true))
        #expect(topic.fields[2].type == .array(.object([item])))
        #expect(topic.fields[3].type == .map(.number))
        #expect(loaded.watchedFiles == ["w.yaml", "t", "t/my/profile.json", "t/my/profile.yaml"])
    }

    @Test func ownProfileWithProblems() {
        let text = """
            titel: T
            contentTypes: [application/json, text/plain]
            successCodes: [6xx]
            headers: { Host: a, X-Sig: b }
            signature: { scheme: hmac-md5, secret: maybe, header: X-Sig }
            body: { a: $id, b: $wire.k }
            topics:
              - { topic: A!, title: t, trigger: t, documented: true, example: 1 }
              - { topic: a, title: t, trigger: t, documented: true, example: 1, keys: [x],
                  fields: [{ name: f, type: integer, enum: [1] }] }
              - { topic: b, title: t, trigger: t, documented: true, example: 1 }
            """
        #expect(
            load(text).diagnostics.map(\.description) == [
                "t/my/profile.yaml:1:1: `title` is missing",
                "t/my/profile.yaml:1:1: unknown key `titel` in a profile; did you mean `title`?",
                "t/my/profile.yaml:2:34: a content type must be one of `application/json`, `application/xml` and "
                    + "`application/x-www-form-urlencoded`",
                "t/my/profile.yaml:3:16: a success code must be such as 2xx, 204 or 200-299",
                "t/my/profile.yaml:4:12: the header Host is set by HTTP itself",
                "t/my/profile.yaml:5:22: `scheme` must be one of `plain`, `hmac-sha1`, `hmac-sha256`, `hmac-sha512`, "
                    + "`ed25519` and `standard-webhooks`",
                "t/my/profile.yaml:5:40: `secret` must be one of `required` and `optional`",
                "t/my/profile.yaml:8:5: the topic has no wire name `k`, which `body` asks for",
                "t/my/profile.yaml:8:14: a topic is letters, digits, _ and -, in segments joined by dots, for example course.created",
                "t/my/profile.yaml:9:57: the example contradicts `fields`: the payload is no object, and is a number",
                "t/my/profile.yaml:9:76: `body` has no such member; it has `a` and `b`",
                "t/my/profile.yaml:10:42: `enum` does not go with type integer",
                "t/my/profile.yaml:11:5: the topic has no wire name `k`, which `body` asks for",
            ]
        )
    }

    @Test func typesOfAProfile() throws {
        let text = """
            title: T
            contentTypes: [application/json]
            body: { d: $data }
            types:
              user: { type: object, fields: [{ name: id, type: string }] }
              team: { type: array, items: { type: user } }
            topics:
              - topic: a
                title: t
                trigger: t
                documented: true
                fields: [{ name: u, type: user, nullable: true }, { name: t, type: team }]
                example: { u: null, t: [] }
            """
        let loaded = load(text)
        #expect(loaded.diagnostics == [])
        let fields = try #require(loaded.catalog.profile(named: "my")?.topic("a")).fields
        let user = FieldType.object([ProfileField(name: "id", type: .string(format: nil, values: [], constant: nil))])
        #expect(fields.map(\.type) == [user, .array(user)])
        #expect(fields.map(\.isNullable) == [true, false])
    }

    @Test func typesWithProblems() {
        let wide = (0..<20).map { "{ name: f\($0), type: string }" }.joined(separator: ", ")
        let text = """
            title: T
            contentTypes: [application/json]
            body: { d: $data }
            types:
              team: { type: array, items: { type: user } }
              user: { type: object, fields: [\(wide)] }
              string: { type: integer }
              twenty: { type: object, fields: [\(wide.replacing("string", with: "user"))] }
              many: { type: object, fields: [\(wide.replacing("string", with: "twenty"))] }
            topics:
              - topic: a
                title: t
                trigger: t
                documented: true
                fields: [{ name: u, type: user, format: email, optional: true }]
                example: {}
            """
        let builtin = "`string`, `integer`, `number`, `boolean`, `object`, `array` and `any`"
        #expect(
            load(text).diagnostics.map(\.description) == [
                "t/my/profile.yaml:5:39: `type` must be one of \(builtin)",
                "t/my/profile.yaml:7:3: `string` is a built-in type",
                "t/my/profile.yaml:9:3: the type has more than 2000 fields, those of the types in it included",
                "t/my/profile.yaml:15:37: `format` does not go with type user",
            ]
        )
    }

    @Test func envelopeWithProblems() {
        let body = "body: { a: $nope, b: [id], \"...\": $id, c: { d: $wire } }"
        let text = "title: T\ncontentTypes: [application/json]\n\(body)\ntopics: []\n"
        let unknown =
            "unknown reference; there are $data, $data.PATH, $payload, $id, $topic, $tenant, $test, $occurredAt, "
            + "$occurredAt.FORMAT (basic, date, dateTime, httpDate, milliseconds, offset, rfc2822, seconds, time, unix, "
            + "unixMs), $wire.KEY, $vars.NAME, and $item in a list; $$ stands for $"
        #expect(
            load(text).diagnostics.map(\.description) == [
                "t/my/profile.yaml:3:12: \(unknown)",
                "t/my/profile.yaml:3:22: a list names places to look in, such as $data.id; a list of constants is "
                    + "{ $list: [a, b] }",
                "t/my/profile.yaml:3:35: `...` merges an object: \"$payload\", \"$data\" or \"$data.path\"",
                "t/my/profile.yaml:3:48: \(unknown)",
                "t/my/profile.yaml:4:1: `topics` needs at least one",
            ]
        )
    }

    @Test func templatesOfAProfile() throws {
        let text = """
            { "title": "T", "contentTypes": ["application/json", "application/xml"],
              "template": { "application/json": "e.json.mustache", "application/xml": "e.xml.mustache" },
              "signature": { "scheme": "hmac-sha256", "header": "S", "content": "{timestamp}.{body}", "prefix": "v1=",
                "value": "t={timestamp},{signatures}", "separator": ",", "secretEncoding": "hex", "secret": "optional" },
              "topics": [{ "topic": "a", "title": "t", "trigger": "t", "documented": true, "example": {} }] }
            """
        var files = ["t/fellow/profile.json": text, "t/fellow/e.json.mustache": "{}", "t/README.md": "x", "t/x/y": ""]
        let missing = Sample.load("templates: t/", files: files)
        #expect(
            missing.diagnostics.map(\.description) == [
                "t/fellow/profile.json:2:15: `template` has no file for application/xml, which `contentTypes` offers",
                "t/fellow/profile.json:2:75: the file e.xml.mustache does not exist",
            ]
        )
        #expect(missing.catalog.profile(named: "fellow") == nil)
        files["t/fellow/e.xml.mustache"] = "<a/>"
        let loaded = Sample.load("templates: t/", files: files)
        #expect(loaded.diagnostics == [])
        let profile = try #require(loaded.catalog.profile(named: "fellow"))
        let template = BodyTemplate(name: "t/fellow/e.xml.mustache", contentType: .xml, source: "<a/>")
        guard case .templates(let templates) = profile.body else { throw FileProblem("no templates") }
        #expect(templates[.xml] == template)
        #expect(
            profile.signature
                == SignatureScheme(
                    kind: .hmacSHA256,
                    header: "S",
                    content: .timestampBody,
                    prefix: "v1=",
                    value: "t={timestamp},{signatures}",
                    separator: ",",
                    secretEncoding: .hex
                )
        )
    }
}
