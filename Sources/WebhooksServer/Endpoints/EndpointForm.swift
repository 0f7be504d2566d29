internal import WebhookCore
internal import WebhookRendering

/// An endpoint as a request describes it: each member absent, null, or a value.
struct EndpointForm: Sendable {
    /// The request that it came with.
    enum Purpose: Sendable {
        case creation, replacement, change
    }

    /// The prefix of metadata that are not the platform's own.
    static let reserved = "webhooks."
    /// Chooses the profile, for those who have a client library alone.
    static let profileKey = "webhooks.profile"

    let purpose: Purpose
    var url: Field<String>
    var description: Field<String>
    var uid: Field<String>
    var disabled: Field<Bool>
    var eventTypes: Field<[String]>
    var channels: Field<[String]>
    var throttleRate: Field<Int>
    var secret: Field<String> = .absent
    var headers: [(name: String, value: String)] = []
    var version: Field<Int>
    /// The members of an object of texts.
    var metadata: Field<[(key: String, value: String)]>
    /// Our own extension: members of an entry of the configuration's file, by their keys there.
    var more: Field<[JSONValue.Member]>

    /// Leaves problems with the reader.
    init(_ reader: FieldReader, for purpose: Purpose) {
        self.purpose = purpose
        if purpose == .change {
            url = reader.text("url")
        } else {
            url = .value(reader.requiredText("url"))
        }
        description = reader.text("description", FieldRules.label(0...4096))
        uid = reader.text("uid", FieldRules.uid(notLike: EndpointID.prefix))
        disabled = reader.flag("disabled")
        // The patterns that an endpoint has are shown here, and may be given again.
        eventTypes = reader.texts("eventTypes", "filterTypes", in: 1...500) {
            $0.contains("*") ? nil : FieldRules.eventType($0)
        }
        channels = reader.texts("channels", in: 1...10, FieldRules.channel)
        throttleRate = reader.integer("throttleRate", "rateLimit", in: Self.throttleRates)
        version = reader.integer("version", in: 1...65535)
        metadata = Self.metadata(reader)
        more = Self.more(reader)
        if let topics = more.value?.first(where: { $0.key == "topics" }), !topics.value.isNull,
            let types = eventTypes.value
        {
            if topics.value.array?.map(\.string) != types { reader.problem("eventTypes", "excludes webhooks.topics") }
            eventTypes = .absent
        } else if purpose == .creation, eventTypes.hasPatterns {
            reader.problem("eventTypes", Self.noPatterns)
        }
        if throttleRate.value != nil, givesRate {
            reader.problem("throttleRate", "excludes webhooks.delivery.rateLimit")
        }
        switch purpose {
        case .creation:
            secret = reader.text("secret", FieldRules.signingSecret)
            headers = HeaderForm.headers(reader).compactMap { name, value in value.map { (name, $0) } }
        case .change where reader.text("secret").value != nil:
            reader.problem("secret", "is not changed here: rotate it")
        case .change, .replacement: break
        }
    }

    static let throttleRates = 1...65535
    /// What is wrong with patterns that the endpoint doesn't have.
    static let noPatterns = "has a pattern: those are given as webhooks.topics"

    /// Tells whether the extension has a limit of requests.
    var givesRate: Bool {
        let delivery = more.value?.first { $0.key == "delivery" }?.value
        return delivery?["rateLimit"].map { !$0.isNull } ?? false
    }

    /// The same with the uid of the path, where the request says nothing about it: repeated, it would make one more.
    func keepingUID(_ reference: String) -> EndpointForm {
        var form = self
        if !uid.isGiven, FieldRules.uid(notLike: EndpointID.prefix)(reference) == nil { form.uid = .value(reference) }
        return form
    }

    private static func metadata(_ reader: FieldReader) -> Field<[(key: String, value: String)]> {
        switch reader.metadata() {
        case .absent: return .absent
        case .null: return .null
        case .value(let text):
            let members = ((try? JSON.parse(ByteString(text)))?.object ?? []).compactMap { member in
                member.value.string.map { (key: member.key, value: $0) }
            }
            if let key = members.first(where: { $0.key.hasPrefix(reserved) && $0.key != profileKey })?.key {
                reader.problem("metadata", "has \(key.prefix(64)): keys that begin with \(reserved) are this server's")
            }
            return .value(members)
        }
    }

    /// The keys of the extension: those of the file but for what the endpoint says itself.
    static let keys: Set<String> = [
        "title", "profile", "contentType", "topics", "basicAuth", "bearer", "authorization", "body", "payload",
        "filter",
        "vars", "schema", "tls", "httpVersion", "traceparent", "delivery",
    ]

    /// The most bytes of the extension: it is kept with the endpoint.
    private static let mostOfExtension = 64 << 10

    /// Says what is wrong with a member for whoever asks over HTTP; the rest is judged as in the file.
    private static func problem(of key: String, _ value: JSONValue) -> String? {
        switch key {
        case "title": value.string.flatMap(FieldRules.label(0...4096))
        case "topics": value.array?.count ?? 0 > 500 ? "must have at most 500 entries" : nil
        case "vars": value.object?.count ?? 0 > 100 ? "must have at most 100 entries" : nil
        // By topic; in the file's other places these words name where a text is.
        case "body" where value.object?.contains { ["file", "env"].contains($0.key) } == true:
            "takes the template's text, and no file of the server"
        case "body":
            ([value.string] + (value.object ?? []).map(\.value.string)).contains { $0.map(isFileName) ?? false }
                ? "takes the template's text, such as {\"id\":{{{data.id}}}}: what is given looks like the name of a file"
                : nil
        default: nil
        }
    }

    /// Tells whether a template's text can be nothing but the name of its file.
    private static func isFileName(_ text: String) -> Bool {
        text.hasSuffix(".mustache") && !text.contains { "{\n<".contains($0) }
    }

    private static func more(_ reader: FieldReader) -> Field<[JSONValue.Member]> {
        switch reader.json("webhooks") {
        case .absent: return .absent
        case .null: return .null
        case .value(let value):
            // PHP's empty array.
            if value.array?.isEmpty == true { return .value([]) }
            guard let given = value.object else {
                reader.problem("webhooks", "must be an object", type: "value_error.jsondecode")
                return .absent
            }
            guard value.raw.count <= mostOfExtension else {
                reader.problem("webhooks", "is larger than 256 KiB")
                return .absent
            }
            guard reader.isWellFormed("webhooks", value.raw) else { return .absent }
            var members: [JSONValue.Member] = []
            for member in given {
                // The file has the type in the name of the body's file.
                let key = member.key == "bodyType" ? "contentType" : member.key
                if !keys.contains(key) {
                    reader.problem("webhooks", "has an unknown key: \(ShownText.key(member.key))")
                } else if members.contains(where: { $0.key == key }) {
                    reader.problem("webhooks", "has the key \(key) twice")
                } else {
                    if let problem = problem(of: key, member.value) { reader.problem(in: "webhooks", key, problem) }
                    members.append(JSONValue.Member(key: key, value: member.value))
                }
            }
            return .value(members)
        }
    }
}

/// Headers as a request gives them.
enum HeaderForm {
    /// Reads `headers`; `nil` stands for null. Leaves problems with the reader.
    static func headers(_ reader: FieldReader) -> [(name: String, value: String?)] {
        switch reader.json("headers") {
        case .absent, .null: return []
        case .value(let value):
            if value.array?.isEmpty == true { return [] }
            guard let members = value.object else {
                reader.problem("headers", "must be an object of texts", type: "value_error.jsondecode")
                return []
            }
            guard members.count <= 100 else {
                reader.problem("headers", "must have at most 100 entries")
                return []
            }
            var seen: Set<String> = []
            var headers: [(name: String, value: String?)] = []
            for member in members {
                let name = member.key
                if let problem = FieldRules.headerName(name) {
                    reader.problem(in: "headers", name, problem)
                } else if !seen.insert(name.lowercased()).inserted {
                    reader.problem(in: "headers", name, "is there twice")
                } else if member.value.isNull {
                    headers.append((name, nil))
                } else if let text = member.value.string {
                    if let problem = FieldRules.headerValue(text) {
                        reader.problem(in: "headers", name, problem)
                    } else {
                        headers.append((name, text))
                    }
                } else {
                    reader.problem(in: "headers", name, "must be a text", type: "value_error.jsondecode")
                }
            }
            return headers
        }
    }

    /// The header that is kept as credentials, in lower case.
    static let authorization = "authorization"

    /// Header names whose values nobody reads back, in lower case.
    static let sensitive: Set<String> = [
        authorization, "proxy-authorization", "proxy-authenticate", "www-authenticate", "x-auth-token", "x-api-key",
    ]

    /// Tells whether a header's name says that its value is secret.
    static func isSecret(_ name: String) -> Bool {
        sensitive.contains(name.lowercased()) || CredentialHeaders.contains(name)
    }
}

/// Texts of requests, as they may be quoted in an answer.
enum ShownText {
    /// A key; a slip may have put a secret where a key belongs.
    static func key(_ key: String) -> String {
        let isPlain = key.utf8.allSatisfy { byte in
            let lower = byte | 0x20
            return lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "z") || byte == UInt8(ascii: "-")
        }
        return isPlain && (1...32).contains(key.utf8.count) ? key : "…"
    }
}
