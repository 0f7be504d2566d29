/// A draft as JSON, in the form of an entry of a configuration file.
extension SubscriptionDraft {
    /// The keys, in the order in which they are written.
    private static let keys = [
        "name", "title", "url", "topics", "tenant", "tenants", "profile", "contentType", "basicAuth", "bearer",
        "authorization", "secrets", "headers", "body", "payload", "filter", "vars", "schema", "tls", "httpVersion",
        "traceparent",
        "enabled", "delivery",
    ]

    /// The draft in the form of the file's entry: secrets as they are, a header or URL that is one as `{"secret": …}`, the
    /// body as text.
    package var json: JSONValue {
        var members: [JSONValue.Member] = []
        func add(_ key: String, _ value: JSONValue?) {
            if let value { members.append(JSONValue.Member(key: key, value: value)) }
        }
        func text(_ text: String?) -> JSONValue? { text.map { JSONValue(.string($0)) } }
        func object(_ members: [(String, JSONValue?)]) -> JSONValue {
            JSONValue(.object(members.compactMap { key, value in value.map { .init(key: key, value: $0) } }))
        }
        func secret(_ secret: Secret?) -> JSONValue? { text(secret?.reveal()) }
        func hidden(_ value: Secret) -> JSONValue { object([("secret", secret(value))]) }
        add("name", text(name))
        add("title", text(title))
        add("url", hidesURL ? hidden(Secret(url)) : text(url))
        add("topics", JSONValue(.array(topics.map { JSONValue(.string($0)) })))
        add("tenant", text(tenant))
        if !tenants.isEmpty { add("tenants", JSONValue(.array(tenants.map { JSONValue(.string($0)) }))) }
        add("profile", text(profile))
        add("contentType", text(contentType))
        switch authentication {
        case .basic(let username, let password):
            add("basicAuth", object([("username", text(username)), ("password", secret(password))]))
        case .bearer(let token): add("bearer", secret(token))
        case .raw(let value): add("authorization", secret(value))
        case nil: break
        }
        if let secrets { add("secrets", JSONValue(.array(secrets.compactMap { secret($0) }))) }
        if !headers.isEmpty {
            let headers = headers.map { header -> (String, JSONValue?) in
                switch header.value {
                case .plain(let value): (header.name, text(value))
                case .secret(let value): (header.name, hidden(value))
                }
            }
            add("headers", object(headers))
        }
        add("body", body)
        add("payload", payload)
        add("filter", filter)
        add("vars", vars)
        add("schema", text(schema))
        if let tls {
            let members = [
                ("ca", text(tls.authorities?.text)), ("certificate", text(tls.certificate?.text)),
                ("key", secret(tls.key)),
            ]
            add("tls", object(members))
        }
        add("httpVersion", text(httpVersion))
        add("traceparent", sendsTrace.map { JSONValue(.bool($0)) })
        add("enabled", isEnabled.map { JSONValue(.bool($0)) })
        add("delivery", delivery)
        return JSONValue(.object(members))
    }

    /// Reads the JSON of an entry. Types and names of keys are judged here, what they say when the draft is put into force.
    ///
    /// - Throws: ``WebhooksError`` with `configuration` and all problems by key.
    public init(json: JSONValue) throws(WebhooksError) {
        var reader = DraftReader(json, keys: Self.keys)
        name = reader.text("name") ?? ""
        url = ""
        topics = reader.texts("topics") ?? []
        if let value = reader.value("url"), let source = reader.source(value, "url") { (url, hidesURL) = source }
        title = reader.text("title")
        tenant = reader.text("tenant")
        tenants = reader.texts("tenants") ?? []
        profile = reader.text("profile")
        contentType = reader.text("contentType")
        authentication = reader.authentication()
        secrets = reader.texts("secrets").map { $0.map { Secret($0) } }
        for member in reader.members("headers") ?? [] {
            guard let (text, isHidden) = reader.source(member.value, "headers.\(member.key)") else { continue }
            headers.append(
                ConfiguredHeader(name: member.key, value: isHidden ? .secret(Secret(text)) : .plain(text))
            )
        }
        body = reader.value("body")
        payload = reader.value("payload")
        filter = reader.value("filter")
        vars = reader.value("vars")
        schema = reader.text("schema")
        tls = reader.tls()
        httpVersion = reader.text("httpVersion")
        sendsTrace = reader.bool("traceparent")
        isEnabled = reader.bool("enabled")
        delivery = reader.value("delivery")
        for key in ["name", "url", "topics"] where !reader.has(key) { reader.fail(key, "`\(key)` is missing") }
        guard reader.problems.isEmpty else { throw WebhooksError(reader.problems) }
    }
}

extension SubscriptionDraft: Codable {
    /// The key of an encoder's `userInfo` whose value `true` lets secrets be written: for the host's own storage.
    public static let revealsSecrets = CodingUserInfoKey(rawValue: "webhooks.revealsSecrets").unsafelyUnwrapped

    /// Reads the JSON of a file's entry. A decoder may lose the order of keys, which counts in ``payload``: see
    /// ``init(json:)``.
    public init(from decoder: any Decoder) throws {
        let json = try JSONValue(from: decoder)
        do throws(WebhooksError) {
            try self.init(json: json)
        } catch {
            let context = DecodingError.Context(codingPath: decoder.codingPath, debugDescription: error.message)
            throw DecodingError.dataCorrupted(context)
        }
    }

    /// Writes the JSON of a file's entry.
    ///
    /// - Throws: `EncodingError` where it holds a secret and ``revealsSecrets`` is not set in the encoder's `userInfo`;
    ///   ``withoutSecrets`` is for showing.
    public func encode(to encoder: any Encoder) throws {
        let reveals = encoder.userInfo[Self.revealsSecrets] as? Bool == true
        guard reveals || self == withoutSecrets else {
            let message = "the draft holds secrets: set SubscriptionDraft.revealsSecrets in the encoder's userInfo"
            throw EncodingError.invalidValue(self, .init(codingPath: encoder.codingPath, debugDescription: message))
        }
        try json.encode(to: encoder)
    }

    /// The draft without its credentials, signing secrets, secret headers, client key, and path of a hidden URL: to be shown,
    /// not to be put into force.
    public var withoutSecrets: SubscriptionDraft {
        var draft = self
        draft.authentication = nil
        if secrets?.isEmpty == false { draft.secrets = nil }
        draft.retiringSecrets = []
        draft.headers = headers.filter { header in
            if case .plain = header.value { true } else { false }
        }
        draft.tls?.key = nil
        if hidesURL { (draft.url, draft.hidesURL) = ("***", false) }
        return draft
    }
}

/// Reads an entry's JSON, and collects what doesn't fit. Quotes no value.
private struct DraftReader {
    private var values: [String: JSONValue] = [:]
    var problems: [Diagnostic] = []

    init(_ json: JSONValue, keys: [String]) {
        guard let members = json.object else {
            problems = [Diagnostic(.error, file: "subscription", message: "a subscription must be an object")]
            return
        }
        for member in members {
            let shown = ShownKey.text(member.key)
            if !keys.contains(member.key) {
                fail(shown, "unknown key")
            } else if values.updateValue(member.value, forKey: member.key) != nil {
                fail(shown, "the key stands twice")
            }
        }
    }

    mutating func fail(_ key: String, _ message: String) {
        problems.append(Diagnostic(.error, file: "subscription", key: key, message: message))
    }

    func has(_ key: String) -> Bool { values[key] != nil }

    /// A value that is there and not null.
    func value(_ key: String) -> JSONValue? { values[key].flatMap { $0.isNull ? nil : $0 } }

    mutating func text(_ key: String) -> String? { value(key).flatMap { text($0, key) } }

    /// Any single value is a text, as in the file.
    mutating func text(_ value: JSONValue, _ key: String) -> String? {
        switch value.kind {
        case .string(let text), .number(let text): return text
        case .bool(let flag): return flag ? "true" : "false"
        case .null, .array, .object:
            fail(key, "this must be a text")
            return nil
        }
    }

    mutating func bool(_ key: String) -> Bool? {
        guard let value = value(key) else { return nil }
        if case .bool(let flag) = value.kind { return flag }
        fail(key, "this must be true or false")
        return nil
    }

    mutating func texts(_ key: String) -> [String]? {
        guard let value = value(key) else { return nil }
        guard let items = value.array else {
            fail(key, "this must be a list")
            return nil
        }
        var texts: [String] = []
        for (index, item) in items.enumerated() {
            if let text = text(item, "\(key).\(index)") { texts.append(text) }
        }
        return texts
    }

    mutating func members(_ key: String) -> [JSONValue.Member]? {
        guard let value = value(key) else { return nil }
        if let members = value.object { return members }
        fail(key, "this must be an object")
        return nil
    }

    /// A text, or `{"secret": …}`.
    mutating func source(_ value: JSONValue, _ key: String) -> (text: String, isHidden: Bool)? {
        let key = ShownKey.text(key)
        guard let members = value.object else { return text(value, key).map { ($0, false) } }
        guard members.count == 1, let member = members.first, member.key == "secret" else {
            fail(key, "this must be a text, or an object with `secret` alone: nothing else is read here")
            return nil
        }
        return text(member.value, "\(key).secret").map { ($0, true) }
    }

    mutating func authentication() -> Authentication? {
        let given = ["basicAuth", "bearer", "authorization"].filter { value($0) != nil }
        if given.count > 1 {
            fail(given[1], "`\(given[1])` and `\(given[0])` exclude each other: both set Authorization")
        }
        switch given.first {
        case "bearer": return text("bearer").map { .bearer(Secret($0)) }
        case "authorization": return text("authorization").map { .raw(Secret($0)) }
        case "basicAuth":
            let members = members("basicAuth") ?? []
            let parts = parts(members, ["username", "password"], of: "basicAuth")
            guard let username = parts["username"], let password = parts["password"] else {
                if problems.isEmpty { fail("basicAuth", "this needs `username` and `password`") }
                return nil
            }
            return .basic(username: username, password: Secret(password))
        default: return nil
        }
    }

    mutating func tls() -> TLSOptions? {
        guard let members = members("tls") else { return nil }
        let parts = parts(members, ["ca", "certificate", "key"], of: "tls")
        return TLSOptions(
            authorities: parts["ca"].map { ByteString($0) },
            certificate: parts["certificate"].map { ByteString($0) },
            key: parts["key"].map { Secret($0) }
        )
    }

    private mutating func parts(_ members: [JSONValue.Member], _ keys: [String], of name: String) -> [String: String] {
        var parts: [String: String] = [:]
        for member in members {
            if !keys.contains(member.key) {
                // A slip may have put a secret where a key belongs.
                fail(name, "unknown key; it may have \(keys.joined(separator: ", "))")
            } else if let text = text(member.value, "\(name).\(member.key)") {
                parts[member.key] = text
            }
        }
        return parts
    }
}
