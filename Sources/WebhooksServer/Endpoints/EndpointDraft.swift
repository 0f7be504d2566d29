internal import WebhookCore
internal import WebhookRegistry
internal import WebhookRendering
internal import Webhooks

/// A stored endpoint on its way from a request to its row: the draft with its secrets, and the row with the rest.
struct EndpointDraft: Sendable {
    /// Every endpoint that says nothing else speaks it: the event's data unchanged, signed as receivers of client libraries
    /// expect it.
    static let standardProfile = "svix"

    var row: StoredSubscription
    var draft: SubscriptionDraft
    /// Tells whether topics are given as those of the extension.
    private var hasOwnTopics = false
    private var hasRate = false
    /// The current secrets as they were opened; `nil`: there were none.
    private var opened: [Secret]?
    /// The time at which the secrets before the current one end, where it is a new one.
    private var graceEnd: Timestamp?
    /// Tells whether the request asks for an endpoint that is sent to.
    private(set) var asksToEnable = false
    /// The parts that no key opens and that stay as they are in the row.
    private(set) var unread: Set<SealedPart> = []

    /// The sealed parts of a row.
    enum SealedPart: Sendable, Hashable {
        case signingSecrets
        /// Headers, and what else of the draft is secret.
        case credentials
    }

    /// A new endpoint of an application.
    init(id: String, of application: Application, at instant: Timestamp) {
        row = StoredSubscription(
            id: id,
            name: id,
            tenant: application.tenant,
            definition: "{}",
            createdAt: instant,
            updatedAt: instant
        )
        draft = SubscriptionDraft(name: id, url: "", topics: ["**"])
        draft.tenant = application.tenant
        draft.profile = Self.standardProfile
    }

    /// One that is stored, opened.
    ///
    /// - Parameter part: what the request replaces. Where no key opens that, or the other part, it can be replaced all the
    ///   same: what replaces a lost secret needs nothing of it.
    init(
        _ row: StoredSubscription,
        _ keys: SealingKeys,
        at instant: Timestamp,
        replacing part: SealedPart? = nil
    ) throws {
        self.row = row
        do {
            draft = try keys.draft(of: row, at: instant)
            opened = draft.secrets
            return
        } catch let error as SealingError {
            guard part != nil else { throw error }
        }
        var readable = row
        if !keys.opensCredentials(of: row) {
            readable.credentials = nil
            if part != .credentials { unread.insert(.credentials) }
        }
        readable.signingSecrets = row.signingSecrets.filter { keys.opens($0, of: row) }
        if readable.signingSecrets.count < row.signingSecrets.count {
            if part == .signingSecrets {
                // Lost ones sign nothing any more.
                self.row.signingSecrets = readable.signingSecrets
            } else {
                readable.signingSecrets = []
                unread.insert(.signingSecrets)
            }
        }
        draft = try keys.draft(of: readable, at: instant)
        // Those that were lost are judged as one that is fit.
        if unread.contains(.signingSecrets) { draft.secrets = [StandardWebhooks.generateSecret(ed25519: false).secret] }
        opened = draft.secrets
    }

    /// The row to be written, its secrets sealed.
    func sealed(_ keys: SealingKeys, at instant: Timestamp) throws(SealingError) -> StoredSubscription {
        var (row, draft) = (row, draft)
        if draft.secrets == nil {
            row.signingSecrets = []
        } else if let graceEnd, let secret = draft.secrets?.first {
            try keys.rotate(&row, to: secret, graceEnd: graceEnd, at: instant)
            draft.secrets = nil
        } else if draft.secrets == opened {
            // The row has them already, with their times.
            draft.secrets = nil
        }
        let (definition, credentials) = (row.definition, row.credentials)
        try keys.write(draft, into: &row, at: instant)
        if unread.contains(.credentials) { (row.definition, row.credentials) = (definition, credentials) }
        return row
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
        try apply(more: form)
        if let types = form.eventTypes.value {
            draft.topics = types
        } else if isGiven(form.eventTypes), !hasOwnTopics, !draft.hasPatterns {
            draft.topics = ["**"]
        } else if case .null = form.eventTypes, !hasOwnTopics {
            draft.topics = ["**"]
        }
        if isGiven(form.throttleRate) { set(rate: form.throttleRate.value) }
        apply(metadata: form)
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
            try merge(given)
            hasOwnTopics = given.contains { $0.key == "topics" && !$0.value.isNull }
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
        // It may have come as a header.
        if case .raw = draft.authentication { plain.authentication = draft.authentication }
        draft = plain
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
        if replaces || form.description.value != nil {
            let text = form.description.value ?? ""
            let isTitled = form.more.value?.contains { $0.key == "title" && !$0.value.isNull } == true
            if !isTitled { draft.title = Self.title(text) }
            kept["webhooks.description"] = text == draft.title ?? "" ? nil : text
        }
        let rest = kept.sorted { $0.key < $1.key }.map { (key: $0.key, value: $0.value) }
        row.metadata = Self.json(own + rest).raw.text
    }

    /// A description as a title: in one line.
    private static func title(_ text: String) -> String? {
        if text.isEmpty { return nil }
        guard text.hasControlCharacters else { return text }
        return String(text.map { String($0).hasControlCharacters ? " " : $0 })
    }

    /// Puts a new secret in front; those before sign until the end of their grace.
    mutating func rotate(to secret: Secret, graceEnd: Timestamp) {
        draft.secrets = [secret]
        self.graceEnd = graceEnd
    }

    /// Tells whether there is a secret that was not there before.
    var hasNewSecret: Bool { draft.secrets != nil && draft.secrets != opened }

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
        case "secrets": place = [graceEnd == nil ? "secret" : "key"]
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
    /// Judges an endpoint as the file's subscriptions are judged, and gives it secrets where its profile signs and it has none.
    func judge(_ endpoint: inout EndpointDraft) async throws(APIError) {
        var draft = endpoint.draft
        if draft.secrets == nil { draft.secrets = [StandardWebhooks.generateSecret(ed25519: false).secret] }
        var problems = await errors(draft)
        func areOfSecrets(_ problem: Diagnostic) -> Bool { problem.key?.hasPrefix("secrets") == true }
        if !endpoint.hasNewSecret, problems.contains(where: areOfSecrets) {
            // A profile without signatures wants none.
            var unsigned = draft
            unsigned.secrets = nil
            let others = await errors(unsigned)
            if !others.contains(where: areOfSecrets) { (draft, problems) = (unsigned, others) }
        }
        // What is left as it is can't be judged.
        if endpoint.unread.contains(.credentials) { problems = problems.filter(areOfSecrets) }
        guard problems.isEmpty else { throw APIError(problems: problems.map(endpoint.problem)) }
        endpoint.draft = draft
    }

    private func errors(_ draft: SubscriptionDraft) async -> [Diagnostic] {
        await api.dispatcher.check(draft, as: .store).filter { $0.severity == .error }
    }

    /// Refuses event types that nobody has declared.
    func checkEventTypes(_ form: EndpointForm) async throws(APIError) {
        let declared = profileTopics
        var missing: [String] = []
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
        throw APIError(FieldProblem(["body", "eventTypes"], "no such event type: \(text)"))
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
}
