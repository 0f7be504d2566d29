internal import WebhookCore
internal import WebhookRegistry
internal import WebhookRendering
internal import Webhooks

/// A stored endpoint on its way from a request to its row: the draft with its secrets, and the row with the rest.
struct EndpointDraft: Sendable {
    /// Every endpoint that says nothing else speaks it: the event's data unchanged, signed as receivers of client libraries
    /// expect it.
    static let standardProfile = "svix"

    /// Its row, and the draft with its secrets.
    var stored: StoredDraft
    /// Tells whether topics are given as those of the extension.
    private var hasOwnTopics = false
    private var hasRate = false
    /// Tells whether the request asks for an endpoint that is sent to.
    private(set) var asksToEnable = false

    /// A new endpoint of an application.
    init(id: String, of application: Application, at instant: Timestamp) {
        stored = StoredDraft(id: id, tenant: application.tenant, at: instant)
        draft.profile = Self.standardProfile
    }

    /// One that is stored, opened.
    ///
    /// - Parameter part: what the request replaces; see ``StoredDraft/init(_:_:at:replacing:)``.
    init(
        _ row: StoredSubscription,
        _ keys: SealingKeys,
        at instant: Timestamp,
        replacing part: StoredDraft.SealedPart? = nil
    ) throws {
        stored = try StoredDraft(row, keys, at: instant, replacing: part)
    }

    private var row: StoredSubscription {
        get { stored.row }
        set { stored.row = newValue }
    }

    private var draft: SubscriptionDraft {
        get { stored.draft }
        set { stored.draft = newValue }
    }

    // MARK: From a request

    /// Takes over what a request says.
    ///
    /// - Throws: ``APIError`` with 422 where the extension isn't of the form of a file's entry.
    mutating func apply(_ form: EndpointForm) throws(APIError) {
        let replaces = form.purpose != .change
        func isGiven<Value>(_ field: Field<Value>) -> Bool { replaces || field.isGiven }
        if let url = form.url.value { draft.url = Self.normalized(url) }
        if isGiven(form.uid) { row.uid = form.uid.value }
        if replaces { row.isDisabled = form.disabled.value ?? false }
        if let disabled = form.disabled.value { row.isDisabled = disabled }
        asksToEnable = !row.isDisabled && (replaces || form.disabled.value != nil)
        if isGiven(form.channels) { row.channels = form.channels.value ?? [] }
        let before = (topics: draft.topics, texts: Self.texts(draft, row.metadata))
        try apply(more: form)
        if let types = form.eventTypes.value {
            if form.eventTypes.hasPatterns, types != before.topics {
                throw APIError(FieldProblem(body: "eventTypes", EndpointForm.noPatterns))
            }
            draft.topics = types
        } else if isGiven(form.eventTypes), !hasOwnTopics, !draft.hasPatterns {
            draft.topics = ["**"]
        } else if case .null = form.eventTypes, !hasOwnTopics {
            draft.topics = ["**"]
        }
        if let rate = form.throttleRate.value {
            set(rate: rate)
        } else if isGiven(form.throttleRate), !form.givesRate, draft.ratePerSecond != nil {
            set(rate: nil)
        }
        apply(metadata: form)
        apply(texts: form, before.texts)
        if let secret = form.secret.value { draft.secrets = [Secret(secret)] }
        for (name, value) in form.headers { set(header: name, value) }
    }

    private mutating func apply(more form: EndpointForm) throws(APIError) {
        switch form.more {
        case .absent: return
        case .null: removeExtension()
        case .value(let given):
            // A replacement names all of it, a change what changes.
            if form.purpose == .replacement { removeExtension() }
            hasOwnTopics = given.contains { $0.key == "topics" && !$0.value.isNull }
            try merge(form.purpose == .change ? given.map(merged) : given)
        }
    }

    private mutating func removeExtension() {
        var plain = SubscriptionDraft(
            name: draft.name,
            url: draft.url,
            topics: draft.hasPatterns ? ["**"] : draft.topics
        )
        (plain.tenant, plain.headers) = (draft.tenant, draft.headers)
        (plain.secrets, plain.retiringSecrets) = (draft.secrets, draft.retiringSecrets)
        plain.profile = Self.standardProfile
        plain.delivery = throttle
        // It may have come as a header.
        if case .raw = draft.authentication { plain.authentication = draft.authentication }
        draft = plain
    }

    /// What of `delivery` the endpoint says itself, by its `throttleRate`.
    private var throttle: JSONValue? {
        guard draft.ratePerSecond != nil, let rate = draft.delivery?["rateLimit"] else { return nil }
        return JSONValue(.object([JSONValue.Member(key: "rateLimit", value: rate)]))
    }

    /// A member of a change: that of `delivery` with what it leaves as it is.
    private func merged(_ member: JSONValue.Member) -> JSONValue.Member {
        guard member.key == "delivery" else { return member }
        if member.value.isNull { return JSONValue.Member(key: member.key, value: throttle ?? member.value) }
        guard let given = member.value.object else { return member }
        let keys = Set(given.map(\.key))
        let kept = (draft.delivery?.object ?? []).filter { !keys.contains($0.key) }
        let members = kept + given.filter { !$0.value.isNull }
        return JSONValue.Member(key: member.key, value: JSONValue(members.isEmpty ? .null : .object(members)))
    }

    /// Puts members of the extension in place of those of their keys.
    private mutating func merge(_ given: [JSONValue.Member]) throws(APIError) {
        var members = draft.json.object ?? []
        for member in given {
            members.removeAll { $0.key == member.key || Self.excludes(member, $0.key) }
            if !member.value.isNull {
                members.append(member)
            } else if member.key == "topics" {
                members.append(JSONValue.Member(key: "topics", value: JSONValue(.array([JSONValue(.string("**"))]))))
            } else if member.key == "profile" {
                members.append(JSONValue.Member(key: "profile", value: JSONValue(.string(Self.standardProfile))))
            }
        }
        do throws(WebhooksError) {
            var changed = try SubscriptionDraft(json: JSONValue(.object(members)))
            changed.retiringSecrets = draft.retiringSecrets
            draft = changed
        } catch {
            throw APIError(problems: error.diagnostics.map(problem))
        }
    }

    /// Credentials take each other's place.
    private static func excludes(_ member: JSONValue.Member, _ key: String) -> Bool {
        let credentials: Set<String> = ["basicAuth", "bearer", "authorization"]
        return credentials.contains(member.key) && credentials.contains(key) && !member.value.isNull
    }

    /// The usual spelling of a URL; one that is refused stays as it is, to be judged with the rest.
    private static func normalized(_ url: String) -> String {
        guard case .success(let parsed) = EndpointURLParser.parse(url) else { return url }
        return parsed.reveal()
    }

    private mutating func set(rate: Int?) {
        var members = draft.delivery?.object ?? []
        members.removeAll { $0.key == "rateLimit" }
        if let rate {
            members.append(JSONValue.Member(key: "rateLimit", value: JSONValue(.string("\(rate)/s"))))
            hasRate = true
        }
        // What is no object is left to be judged.
        guard draft.delivery == nil || draft.delivery?.object != nil else { return }
        draft.delivery = members.isEmpty ? JSONValue?.none : JSONValue(.object(members))
    }

    /// Metadata, and what is kept with them because a subscription has no place for it.
    private mutating func apply(metadata form: EndpointForm) {
        var (own, kept) = Self.split(row.metadata)
        let replaces = form.purpose != .change
        if replaces || form.metadata.value != nil {
            let before = own.first { $0.key == EndpointForm.profileKey }?.value
            own = form.metadata.value ?? []
            let chosen = own.first { $0.key == EndpointForm.profileKey }?.value
            let isSaid = form.more.value?.contains { $0.key == "profile" } == true
            if !isSaid, chosen != nil || before != nil { draft.profile = chosen ?? Self.standardProfile }
        }
        if replaces || form.version.value != nil {
            kept["webhooks.version"] = form.version.value.flatMap { $0 == 1 ? nil : String($0) }
        }
        let rest = kept.sorted { $0.key < $1.key }.map { (key: $0.key, value: $0.value) }
        row.metadata = Self.json(own + rest).raw.text
    }

    /// Description and title, each of which stands for the other where that is not given.
    private mutating func apply(texts form: EndpointForm, _ before: (description: String, title: String?)) {
        let replaces = form.purpose != .change
        let description = form.description.value ?? (replaces ? "" : before.description)
        var title = before.title
        switch form.more {
        case .absent: break
        case .null: title = nil
        case .value(let given):
            if replaces { title = nil }
            if let member = given.first(where: { $0.key == "title" }) {
                title = member.value.isNull ? nil : draft.title
            }
        }
        draft.title = title ?? Self.title(description)
        var (own, kept) = Self.split(row.metadata)
        kept[Self.descriptionKey] = description == draft.title ?? "" ? nil : description
        own += kept.sorted { $0.key < $1.key }.map { (key: $0.key, value: $0.value) }
        row.metadata = Self.json(own).raw.text
    }

    private static let descriptionKey = "webhooks.description"

    /// An endpoint's description, and its title where it has another of its own.
    static func texts(_ draft: SubscriptionDraft, _ metadata: String) -> (description: String, title: String?) {
        let description = split(metadata).kept[descriptionKey] ?? draft.title ?? ""
        return (description, draft.title == title(description) ? nil : draft.title)
    }

    /// A description as a title: in one line.
    private static func title(_ text: String) -> String? {
        if text.isEmpty { return nil }
        guard text.hasControlCharacters else { return text }
        return String(text.map { String($0).hasControlCharacters ? " " : $0 })
    }

    mutating func set(header name: String, _ value: String?) {
        if name.lowercased() == HeaderForm.authorization {
            draft.authentication = value.map { .raw(Secret($0)) }
            return
        }
        draft.headers.removeAll { $0.name.lowercased() == name.lowercased() }
        if let value { draft.headers.append(ConfiguredHeader(name: name, secret: Secret(value))) }
    }

    /// Takes away every header that was set as one.
    mutating func removeHeaders() {
        draft.headers = []
        if case .raw = draft.authentication { draft.authentication = nil }
    }

    // MARK: Metadata

    /// The platform's own metadata, and what this server keeps beside.
    static func split(_ metadata: String) -> (own: [(key: String, value: String)], kept: [String: String]) {
        var (own, kept): ([(key: String, value: String)], [String: String]) = ([], [:])
        for member in (try? JSON.parse(ByteString(metadata)))?.object ?? [] {
            let value = member.value.string ?? ""
            if member.key.hasPrefix(EndpointForm.reserved), member.key != EndpointForm.profileKey {
                kept[member.key] = value
            } else {
                own.append((member.key, value))
            }
        }
        return (own, kept)
    }

    static func json(_ members: [(key: String, value: String)]) -> JSONValue {
        JSONValue(.object(members.map { JSONValue.Member(key: $0.key, value: JSONValue(.string($0.value))) }))
    }

    // MARK: Judging

    /// A problem of the draft as one of the request.
    func problem(_ diagnostic: Diagnostic) -> FieldProblem {
        let parts = (diagnostic.key ?? "").split(separator: ".").map(String.init)
        let place: [String]
        switch parts.first {
        case nil, "name", "tenant", "tenants", "enabled": place = []
        case "url": place = ["url"]
        case "headers": place = parts
        case "secrets": place = [stored.isRotated ? "key" : "secret"]
        case "topics": place = hasOwnTopics || draft.hasPatterns ? ["webhooks"] + parts : ["eventTypes"]
        case "delivery" where hasRate && parts.last == "rateLimit": place = ["throttleRate"]
        case "profile" where Self.split(row.metadata).own.contains { $0.key == EndpointForm.profileKey }:
            place = ["metadata", EndpointForm.profileKey]
        default: place = ["webhooks"] + parts
        }
        return FieldProblem(["body"] + place, diagnostic.message)
    }
}

extension APIContext {
    /// Judges an endpoint as the file's subscriptions are judged, and gives it a secret where its profile signs and it has none.
    func judge(_ endpoint: inout EndpointDraft) async throws(APIError) {
        let problems = try await api.judging.locked(ByteString(endpoint.stored.row.tenant ?? "")) {
            () async throws(APIError) -> [Diagnostic] in
            await api.dispatcher.judge(&endpoint.stored, for: .client).filter(\.isError)
        }
        guard problems.isEmpty else { throw APIError(problems: problems.map(endpoint.problem)) }
    }

    /// Refuses event types that nobody has declared.
    func checkEventTypes(_ form: EndpointForm) async throws(APIError) {
        let declared = profileTopics
        var missing: [String] = []
        // Patterns are those that it has.
        guard !form.eventTypes.hasPatterns else { return }
        for name in form.eventTypes.value ?? [] where !declared.contains(name) {
            let type = try await read { store throws(StoreError) in try await store.eventType(name) }
            if type?.isArchived ?? true { missing.append(name) }
        }
        guard !missing.isEmpty else { return }
        let known = try await knownEventTypes()
        let names = missing.prefix(10).map { name in
            NameHint.question(name, in: known).map { "\(name) (\($0))" } ?? name
        }
        let text = names.joined(separator: ", ") + (missing.count > 10 ? ", …" : "")
        throw APIError(
            FieldProblem(["body", "eventTypes"], "no such event type: \(text); `POST /api/v1/event-type` makes one")
        )
    }

    /// The names that an event type may have meant: what is declared here, and by the profiles in use.
    func knownEventTypes() async throws(APIError) -> Set<String> {
        let types = try await read { store throws(StoreError) in
            try await store.eventTypes(PageWalk(limit: 10_000), archived: false)
        }
        return profileTopics.union(types.map(\.name))
    }

    /// The topics that the profiles in use declare.
    var profileTopics: Set<String> {
        Set(api.dispatcher.registry.profiles.values.flatMap { $0.topics.map(\.topic) })
    }
}

extension SubscriptionDraft {
    /// Tells whether it has topics that no list of event types can say: patterns, which the extension gives.
    var hasPatterns: Bool { topics != ["**"] && topics.contains { $0.contains("*") } }

    /// Requests a second, where the limit is one that an endpoint's `throttleRate` can say.
    var ratePerSecond: Int? {
        guard let text = delivery?["rateLimit"]?.string, text.hasSuffix("/s"), let rate = Int(text.dropLast(2)) else {
            return nil
        }
        return EndpointForm.throttleRates.contains(rate) ? rate : nil
    }
}

extension Field<[String]> {
    /// Tells whether one of them is a pattern.
    var hasPatterns: Bool { value?.contains { $0.contains("*") } == true }
}
