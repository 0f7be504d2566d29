internal import WebhookCore
internal import WebhookRegistry

/// Event types: the topics that the platform declares.
enum EventTypeOperations {
    static let all: [Operation] = [
        Operation("v1.event-type.list", "GET", "/api/v1/event-type", .any, list),
        Operation("v1.event-type.create", "POST", "/api/v1/event-type", .organisation, create),
        Operation(
            "v1.event-type.import-openapi",
            "POST",
            "/api/v1/event-type/import/openapi",
            .organisation,
            importOpenAPI
        ),
        Operation("v1.event-type.get", "GET", "/api/v1/event-type/{event_type_name}", .any, get),
        Operation("v1.event-type.update", "PUT", "/api/v1/event-type/{event_type_name}", .organisation, put),
        Operation("v1.event-type.patch", "PATCH", "/api/v1/event-type/{event_type_name}", .organisation, patch),
        Operation("v1.event-type.delete", "DELETE", "/api/v1/event-type/{event_type_name}", .organisation, delete),
    ]

    private static let unknown = APIError.notFound("There is no event type of this name.")

    @Sendable static func list(_ context: APIContext) async throws(APIError) -> APIResponse {
        let page = try PageRequest(context.query, descending: false, ordered: true) { FieldRules.group($0) == nil }
        let archived = try context.query.flag("include_archived")
        let withContent = try context.query.flag("with_content")
        let rows = try await context.read { store throws(StoreError) in
            try await store.eventTypes(page.walk, archived: archived)
        }
        return .ok(Page(rows, page).value(key: \.name) { form($0, withContent: withContent) })
    }

    @Sendable static func create(_ context: APIContext) async throws(APIError) -> APIResponse {
        let reader = try FieldReader.body(context.request.body)
        let name = reader.requiredText("name", FieldRules.eventType)
        let type = try read(reader, name, context)
        let known = try await find(name, context)
        var changed = type
        changed.createdAt = known?.createdAt ?? type.createdAt
        if let known {
            guard known.isArchived else { throw taken(name) }
            return try await context.change([.updateEventType(changed)], answer: APIResponse(201, form(changed))) { _ in
                unknown
            }
        }
        return try await context.change([.insertEventType(type)], answer: APIResponse(201, form(type))) { _ in
            taken(name)
        }
    }

    @Sendable static func get(_ context: APIContext) async throws(APIError) -> APIResponse {
        guard let type = try await find(context.parameter("event_type_name"), context) else { throw unknown }
        return .ok(form(type))
    }

    @Sendable static func put(_ context: APIContext) async throws(APIError) -> APIResponse {
        try await put(context) { name throws(APIError) in try await find(name, context) }
    }

    /// - Parameter find: reads an event type.
    static func put(
        _ context: APIContext,
        find: (String) async throws(APIError) -> EventType?
    ) async throws(APIError) -> APIResponse {
        let name = context.parameter("event_type_name")
        let reader = try FieldReader.body(context.request.body)
        let type = try read(reader, name, context)
        return try await context.useOrMake(failure: taken(name)) { () async throws(APIError) in
            try await find(name)
        } use: { known throws(APIError) in
            var changed = type
            changed.createdAt = known.createdAt
            return try await context.attempt([.updateEventType(changed)], answer: .ok(form(changed))).answer
        } make: { () async throws(APIError) in
            if let problem = FieldRules.eventType(name) {
                throw APIError(FieldProblem(["path", "event_type_name"], "the name \(problem)"))
            }
            return try await context.attempt([.insertEventType(type)], answer: APIResponse(201, form(type))).answer
        }
    }

    @Sendable static func patch(_ context: APIContext) async throws(APIError) -> APIResponse {
        guard var type = try await find(context.parameter("event_type_name"), context) else { throw unknown }
        let reader = try FieldReader.body(context.request.body)
        type.description = reader.text("description", FieldRules.label(0...8192)).value ?? type.description
        type.isArchived = reader.flag("archived").value ?? type.isArchived
        type.isDeprecated = reader.flag("deprecated").value ?? type.isDeprecated
        type.schemas = EventTypeFields.schemas(reader).merged(into: type.schemas)
        type.group = reader.text("groupName", FieldRules.group).merged(into: type.group)
        type.featureFlags = EventTypeFields.flags(reader).merged(into: type.featureFlags)
        try reader.finish()
        type.updatedAt = context.now
        return try await context.change([.updateEventType(type)], answer: .ok(form(type))) { _ in unknown }
    }

    @Sendable static func delete(_ context: APIContext) async throws(APIError) -> APIResponse {
        let name = context.parameter("event_type_name")
        let isRemoved = try context.query.flag("expunge")
        guard var type = try await find(name, context) else { throw unknown }
        if isRemoved {
            return try await context.change([.removeEventType(name: name)], answer: .empty) { _ in unknown }
        }
        (type.isArchived, type.updatedAt) = (true, context.now)
        return try await context.change([.updateEventType(type)], answer: .empty) { _ in unknown }
    }

    @Sendable static func importOpenAPI(_ context: APIContext) async throws(APIError) -> APIResponse {
        try await importOpenAPI(context) { () async throws(APIError) in
            try await context.read { store throws(StoreError) in
                try await store.eventTypes(PageWalk(limit: 10_000), archived: true)
            }
        }
    }

    /// - Parameter known: reads the event types that there are.
    static func importOpenAPI(
        _ context: APIContext,
        known: () async throws(APIError) -> [EventType]
    ) async throws(APIError) -> APIResponse {
        let reader = try FieldReader.body(context.request.body)
        let isDryRun = reader.flag("dryRun").value ?? false
        let replaces = reader.flag("replaceAll").value ?? false
        let (spec, raw) = (reader.json("spec").value, reader.text("specRaw").value)
        try reader.finish()
        let document: JSONValue
        switch (spec, raw) {
        case (let spec?, nil): document = spec
        case (nil, let raw?):
            document = try await SpecificationText.json(raw)
        default: throw APIError(400, "invalid_spec", "Exactly one of spec and specRaw is needed.")
        }
        let found = try OpenAPIWebhooks.eventTypes(document, at: context.now)
        var data: [(String, APIValue)] = [("modified", .array(found.map { .string($0.name) }))]
        if isDryRun { data.append(("to_modify", .array(found.map { OpenAPIWebhooks.form($0) }))) }
        let answer = APIResponse.ok(["data": .object(data)])
        guard !isDryRun else { return answer }
        let changed = APIError.conflict("Event types are being changed by others: try again.")
        return try await context.useOrMake(failure: changed) { () async throws(APIError) in
            try await known()
        } use: { known throws(APIError) in
            try await context.attempt(changes(to: found, known, replaces, context), answer: answer).answer
        } make: { () async throws(APIError) in
            nil
        }
    }

    /// The changes that an import makes.
    ///
    /// - Parameter replaces: whether those that it doesn't name are archived.
    private static func changes(
        to found: [EventType],
        _ known: [EventType],
        _ replaces: Bool,
        _ context: APIContext
    ) -> [PlatformChange] {
        let byName = Dictionary(known.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var changes: [PlatformChange] = []
        for var type in found {
            guard let before = byName[type.name] else {
                changes.append(.insertEventType(type))
                continue
            }
            type.createdAt = before.createdAt
            changes.append(.updateEventType(type))
        }
        let names = Set(found.map(\.name))
        for var type in known where replaces && !names.contains(type.name) && !type.isArchived {
            (type.isArchived, type.updatedAt) = (true, context.now)
            changes.append(.updateEventType(type))
        }
        return changes
    }

    // MARK: Parts

    private static func find(_ name: String, _ context: APIContext) async throws(APIError) -> EventType? {
        try await context.read { store throws(StoreError) in try await store.eventType(name) }
    }

    private static func taken(_ name: String) -> APIError {
        APIError(409, "event_type_exists", "There is an event type named \(name.prefix(64)) already.")
    }

    private static func read(_ reader: FieldReader, _ name: String, _ context: APIContext) throws(APIError) -> EventType
    {
        let type = EventType(
            name: name,
            description: reader.requiredText("description", FieldRules.label(0...8192)),
            isArchived: reader.flag("archived").value ?? false,
            isDeprecated: reader.flag("deprecated").value ?? false,
            schemas: EventTypeFields.schemas(reader).value,
            group: reader.text("groupName", FieldRules.group).value,
            featureFlags: EventTypeFields.flags(reader).value,
            createdAt: context.now,
            updatedAt: context.now
        )
        try reader.finish()
        return type
    }

    static func form(_ type: EventType, withContent: Bool = true) -> APIValue {
        let flags = EventTypeFields.list(type.featureFlags)
        return [
            "name": .string(type.name), "description": .string(type.description), "archived": .bool(type.isArchived),
            "deprecated": .bool(type.isDeprecated), "schemas": withContent ? .json(type.schemas) : .null,
            "groupName": .text(type.group), "featureFlags": .list(flags), "featureFlag": .text(flags?.first),
            "createdAt": .time(type.createdAt), "updatedAt": .time(type.updatedAt),
        ]
    }
}

/// Fields of event types that are more than a text.
enum EventTypeFields {
    private static let largestSchemas = 256 << 10

    /// JSON Schemas by version, as JSON.
    static func schemas(_ reader: FieldReader) -> Field<String> {
        switch reader.json("schemas") {
        case .absent: return .absent
        case .null: return .null
        case .value(let value):
            if let items = value.array, items.isEmpty { return .value("{}") }
            guard let members = value.object, Set(members.map(\.key)).count == members.count else {
                reader.problem("schemas", "must be an object of schemas by version")
                return .absent
            }
            guard value.raw.count <= largestSchemas else {
                reader.problem("schemas", "is larger than 256 KiB")
                return .absent
            }
            guard reader.isWellFormed("schemas", value.raw) else { return .absent }
            for member in members {
                if let problem = SchemaCheck.problem(member.value) {
                    reader.problem("schemas", "\(member.key.prefix(32)) is no JSON Schema: \(problem)")
                    return .absent
                }
            }
            return .value(value.raw.text)
        }
    }

    /// Says why a value can't be kept as the schema of an event type.
    static func problem(_ schema: JSONValue) -> String? {
        if schema.raw.count > largestSchemas { return "its schema is larger than 256 KiB" }
        return SchemaCheck.problem(schema).map { "its schema is none: \($0)" }
    }

    /// A list of texts as JSON; a single one has a field of its own in older clients.
    static func flags(_ reader: FieldReader) -> Field<String> {
        let check: (String) -> String? = { (1...256).contains($0.utf8.count) ? nil : "has no or too many characters" }
        let list = reader.texts("featureFlags", in: 0...50, check)
        if list.isGiven {
            guard let flags = list.value else { return .null }
            return .value(APIValue.list(flags).encoded.text)
        }
        switch reader.text("featureFlag", check) {
        case .absent: return .absent
        case .null: return .null
        case .value(let flag): return .value(APIValue.list([flag]).encoded.text)
        }
    }

    static func list(_ text: String?) -> [String]? {
        guard let text, let value = try? JSON.parse(ByteString(text)) else { return nil }
        return value.array?.compactMap(\.string)
    }
}

/// Tells whether a value can be a JSON Schema: the keywords that there are have values of their types.
enum SchemaCheck {
    static func problem(_ value: JSONValue, depth: Int = 0) -> String? {
        if case .bool = value.kind { return nil }
        guard let members = value.object else { return "it must be an object" }
        guard depth < 64 else { return "it is nested too deeply" }
        for member in members {
            if let problem = problem(of: member.key, member.value, depth) { return problem }
        }
        return nil
    }

    private static let types: Set<String> = ["null", "boolean", "object", "array", "number", "string", "integer"]

    private static func problem(of key: String, _ value: JSONValue, _ depth: Int) -> String? {
        switch key {
        case "type":
            let names = value.string.map { [$0] } ?? value.array?.map { $0.string ?? "" }
            return names?.allSatisfy(types.contains) == true ? nil : "`type` names no type"
        case "properties", "patternProperties", "definitions", "$defs":
            guard let members = value.object else { return "`\(key)` must be an object" }
            return members.lazy.compactMap { problem($0.value, depth: depth + 1) }.first
        case "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames", "additionalItems":
            return problem(value, depth: depth + 1)
        case "items":
            if let items = value.array { return items.lazy.compactMap { problem($0, depth: depth + 1) }.first }
            return problem(value, depth: depth + 1)
        case "allOf", "anyOf", "oneOf":
            guard let items = value.array, !items.isEmpty else { return "`\(key)` must be a list that is not empty" }
            return items.lazy.compactMap { problem($0, depth: depth + 1) }.first
        case "required":
            return value.array?.allSatisfy { $0.string != nil } == true ? nil : "`required` must be a list of texts"
        case "enum", "examples": return value.array != nil ? nil : "`\(key)` must be a list"
        case "title", "description", "$schema", "$id", "$ref", "format", "pattern":
            return value.string != nil ? nil : "`\(key)` must be a text"
        case "minimum", "maximum", "multipleOf", "minLength", "maxLength", "minItems", "maxItems", "minProperties",
            "maxProperties":
            if case .number = value.kind { return nil }
            return "`\(key)` must be a number"
        default: return nil
        }
    }
}

/// An OpenAPI document as text.
enum SpecificationText {
    /// Reads JSON, or YAML, which takes a while: on no thread that serves connections.
    static func json(_ text: String) async throws(APIError) -> JSONValue {
        if let value = try? JSON.parse(ByteString(text)) { return value }
        let read = Task.detached { () -> Result<JSONValue, YAMLText.Problem> in
            do throws(YAMLText.Problem) {
                return .success(try YAMLText.json(ByteString(text)))
            } catch {
                return .failure(error)
            }
        }
        switch await read.value {
        case .success(let value): return value
        case .failure(let problem):
            let place = "line \(problem.line), column \(problem.column)"
            throw APIError(FieldProblem(body: "specRaw", "must be YAML or JSON: \(place): \(problem.message)"))
        }
    }
}

/// The `webhooks` of an OpenAPI document (3.1), or its `x-webhooks` (3.0), as event types.
enum OpenAPIWebhooks {
    /// The most event types of a document.
    private static let most = 1_000

    static func eventTypes(_ document: JSONValue, at now: Timestamp) throws(APIError) -> [EventType] {
        guard let hooks = (document["webhooks"] ?? document["x-webhooks"])?.object else {
            throw APIError(FieldProblem(["body", "spec"], "the document has no object `webhooks`"))
        }
        guard hooks.count <= most else {
            throw APIError(FieldProblem(["body", "spec", "webhooks"], "there are more than \(most) webhooks"))
        }
        var types: [EventType] = []
        for hook in hooks {
            if let problem = FieldRules.eventType(hook.key) {
                throw APIError(FieldProblem(["body", "spec", "webhooks"], "the name of a webhook \(problem)"))
            }
            guard let operation = hook.value["post"] ?? hook.value["put"] else { continue }
            let schema = operation.value(at: ["requestBody", "content", "application/json", "schema"])
            let text = (operation["description"] ?? operation["summary"])?.string ?? ""
            let group = operation["x-svix-group-name"]?.string
            let problem =
                FieldRules.label(0...8192)(text).map { "a description \($0)" }
                ?? group.flatMap(FieldRules.group).map { "x-svix-group-name \($0)" }
                ?? schema.flatMap(EventTypeFields.problem)
            if let problem { throw APIError(FieldProblem(["body", "spec", "webhooks", hook.key], problem)) }
            var isDeprecated = false
            if case .bool(true)? = operation["deprecated"]?.kind { isDeprecated = true }
            types.append(
                EventType(
                    name: hook.key,
                    description: text,
                    isDeprecated: isDeprecated,
                    schemas: schema.map { APIValue.object([("1", .raw($0.raw))]).encoded.text },
                    group: group,
                    createdAt: now,
                    updatedAt: now
                )
            )
        }
        return types
    }

    static func form(_ type: EventType) -> APIValue {
        [
            "name": .string(type.name), "description": .string(type.description),
            "deprecated": .bool(type.isDeprecated),
            "schemas": .json(type.schemas), "groupName": .text(type.group), "featureFlags": .null,
        ]
    }
}
