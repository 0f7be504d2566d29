internal import WebhookCore

/// Applications: the platform's customers.
enum ApplicationOperations {
    static let all: [Operation] = [
        Operation("v1.application.list", "GET", "/api/v1/app", .organisation, list),
        Operation("v1.application.create", "POST", "/api/v1/app", .organisation, create),
        Operation("v1.application.get", "GET", "/api/v1/app/{app_id}", .application(nil), get),
        Operation("v1.application.update", "PUT", "/api/v1/app/{app_id}", .organisation, put),
        Operation("v1.application.patch", "PATCH", "/api/v1/app/{app_id}", .organisation, patch),
        Operation("v1.application.delete", "DELETE", "/api/v1/app/{app_id}", .organisation, delete),
    ]

    @Sendable static func list(_ context: APIContext) async throws(APIError) -> APIResponse {
        let page = try PageRequest(context.query, descending: false, ordered: true) { PlatformIDs.isID($0, "app_") }
        let filter = try await filter(context)
        let rows = try await context.read { store throws(StoreError) in
            try await store.applications(page.walk, filter)
        }
        return .ok(Page(rows, page).value(key: \.id, form))
    }

    /// The applications that a list leaves out by their endpoints: those of their own, wherever these are kept.
    private static func filter(_ context: APIContext) async throws(APIError) -> ApplicationFilter {
        var filter = ApplicationFilter()
        filter.excludesEmpty = try context.query.flag("exclude_apps_with_no_endpoints")
        filter.excludesDisabled = try context.query.flag("exclude_apps_with_disabled_endpoints")
        if filter.isEmpty { return filter }
        let disabled = try await context.disabledSubscriptions()
        filter.disabledNames = Set(disabled.keys)
        for subscription in EndpointDirectory.subscriptions(of: context.api.dispatcher.registry) {
            filter.tenants.formUnion(subscription.ownTenants)
            if subscription.isEnabled, disabled[subscription.name] == nil {
                filter.enabledTenants.formUnion(subscription.ownTenants)
            }
        }
        return filter
    }

    @Sendable static func create(_ context: APIContext) async throws(APIError) -> APIResponse {
        try await create(context) { uid throws(APIError) in
            try await context.read { store throws(StoreError) in try await store.application(uid) }
        }
    }

    /// - Parameter find: reads the application of a uid.
    static func create(
        _ context: APIContext,
        find: (String) async throws(APIError) -> Application?
    ) async throws(APIError) -> APIResponse {
        let isKnownWanted = try context.query.flag("get_if_exists")
        let draft = try ApplicationDraft(FieldReader.body(context.request.body))
        guard isKnownWanted, let uid = draft.uid else {
            guard let answer = try await insert(draft, context) else { throw uidIsTaken }
            return answer
        }
        return try await context.useOrMake(failure: uidIsTaken) { () async throws(APIError) in
            try await find(uid)
        } use: { known throws(APIError) in
            .ok(form(known))
        } make: { () async throws(APIError) in
            try await insert(draft, context)
        }
    }

    @Sendable static func get(_ context: APIContext) async throws(APIError) -> APIResponse {
        .ok(form(try await context.application()))
    }

    @Sendable static func put(_ context: APIContext) async throws(APIError) -> APIResponse {
        try await put(context) { () async throws(APIError) in try await context.applicationIfKnown() }
    }

    /// - Parameter find: reads the application of the path.
    static func put(
        _ context: APIContext,
        find: () async throws(APIError) -> Application?
    ) async throws(APIError) -> APIResponse {
        let reader = try FieldReader.body(context.request.body)
        var draft = try ApplicationDraft(reader)
        // Named by its uid it keeps that: otherwise a request that is repeated would make one more.
        let reference = context.parameter("app_id")
        if !draft.namesUID, FieldRules.uid(notLike: "app_")(reference) == nil { draft.uid = reference }
        let wanted = draft
        return try await context.useOrMake(failure: uidIsTaken) { () async throws(APIError) in
            try await find()
        } use: { known throws(APIError) in
            var application = known
            (application.uid, application.name) = (wanted.uid, wanted.name)
            (application.throttleRate, application.metadata) = (wanted.throttleRate, wanted.metadata)
            return try await update(application, context)
        } make: { () async throws(APIError) in
            // An id of this server's is nobody's uid: each repetition would make one more.
            if reference.hasPrefix("app_") { throw .noApplication }
            return try await insert(wanted, context)
        }
    }

    @Sendable static func patch(_ context: APIContext) async throws(APIError) -> APIResponse {
        var application = try await context.application()
        let reader = try FieldReader.body(context.request.body)
        application.name = reader.text("name", FieldRules.label(1...4096)).value ?? application.name
        application.uid = reader.text("uid", FieldRules.uid(notLike: "app_")).merged(into: application.uid)
        application.throttleRate = reader.integer("throttleRate", "rateLimit", in: 1...65535)
            .merged(into: application.throttleRate)
        application.metadata = reader.metadata().value ?? application.metadata
        try reader.finish()
        guard let answer = try await update(application, context) else { throw .noApplication }
        return answer
    }

    @Sendable static func delete(_ context: APIContext) async throws(APIError) -> APIResponse {
        let application = try await context.application()
        let deletion = PlatformChange.deleteApplication(id: application.id, at: context.now)
        let answer = try await context.change([deletion], answer: .empty) { _ in .noApplication }
        await context.api.dispatcher.storedSubscriptions.followChange()
        return answer
    }

    private static let uidIsTaken = APIError.conflict("Another application has this uid.")

    /// - Returns: `nil` where it has gone.
    private static func update(
        _ application: Application,
        _ context: APIContext
    ) async throws(APIError) -> APIResponse? {
        var application = application
        application.updatedAt = context.now
        let outcome = try await context.attempt([.updateApplication(application)], answer: .ok(form(application)))
        if outcome.result == .taken { throw uidIsTaken }
        return outcome.answer
    }

    /// - Returns: `nil` where its uid is taken.
    private static func insert(_ draft: ApplicationDraft, _ context: APIContext) async throws(APIError) -> APIResponse?
    {
        let application = try await draft.application(context)
        return try await context.attempt(
            [.insertApplication(application)],
            answer: APIResponse(201, form(application))
        ).answer
    }

    static let form: @Sendable (Application) -> APIValue = { application in
        [
            "id": .string(application.id), "uid": .text(application.uid), "name": .string(application.name),
            "throttleRate": .number(application.throttleRate), "rateLimit": .number(application.throttleRate),
            "metadata": .json(application.metadata), "createdAt": .time(application.createdAt),
            "updatedAt": .time(application.updatedAt),
        ]
    }
}

/// An application as a request describes it.
struct ApplicationDraft: Sendable {
    var name: String
    var uid: String?
    /// Tells whether a uid is given, or null for none.
    var namesUID: Bool
    var throttleRate: Int?
    var metadata: String

    init(_ reader: FieldReader) throws(APIError) {
        self.init(reading: reader)
        try reader.finish()
    }

    /// Leaves problems with the reader.
    init(reading reader: FieldReader) {
        name = reader.requiredText("name", FieldRules.label(1...4096))
        let uid = reader.text("uid", FieldRules.uid(notLike: "app_"))
        (self.uid, namesUID) = (uid.value, uid.isGiven)
        throttleRate = reader.integer("throttleRate", "rateLimit", in: 1...65535).value
        metadata = reader.metadata().value ?? "{}"
    }

    /// A new application. Its tenant is its uid, unless another has taken that for its own: then its id.
    func application(_ context: APIContext) async throws(APIError) -> Application {
        let id = context.api.ids.next("app_", at: context.now)
        var history = TenantHistory()
        if let uid {
            history = try await context.read { store throws(StoreError) in try await store.tenant(uid) }
        }
        return Application(
            id: id,
            uid: uid,
            tenant: history.isTaken ? id : uid ?? id,
            name: name,
            throttleRate: throttleRate,
            metadata: metadata,
            createdAt: context.now,
            updatedAt: context.now,
            eventsSince: history.wasUsed && !history.isTaken ? context.now : nil
        )
    }
}
