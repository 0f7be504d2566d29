internal import WebhookCore

/// An operation of the API.
struct Operation: Sendable {
    /// The token that it takes.
    enum Access: Sendable, Hashable {
        /// None.
        case open
        /// The organisation's.
        case organisation
        /// The organisation's, or that of the application in question, which may need a capability: that of the path, unless
        /// the operation says which.
        case application(Capability?)
        /// The organisation's, or that of any application: what it sees is its own.
        case any
    }

    /// Unique; an OpenAPI description has it as `operationId`.
    let name: String
    let method: String
    /// Such as `/api/v1/app/{app_id}`.
    let path: String
    let access: Access
    let handle: @Sendable (APIContext) async throws(APIError) -> APIResponse
    /// Completes the answer that was kept, where a request comes again.
    let complete: @Sendable (APIContext, APIResponse) async throws(APIError) -> APIResponse

    /// `true` where no other server has it: then there are no clients that send more than it takes.
    var isOwn: Bool { name.hasPrefix("webhooks.") && access != .open }

    init(
        _ name: String,
        _ method: String,
        _ path: String,
        _ access: Access,
        _ handle: @escaping @Sendable (APIContext) async throws(APIError) -> APIResponse,
        completing complete: @escaping @Sendable (APIContext, APIResponse) async throws(APIError) -> APIResponse = {
            (_, answer) throws(APIError) in answer
        }
    ) {
        (self.name, self.method, self.path, self.access, self.handle) = (name, method, path, access, handle)
        self.complete = complete
    }
}

/// The rights of an application's token beside looking.
enum Capability: String, Sendable, Hashable, CaseIterable {
    case viewBase = "ViewBase"
    case viewEndpointSecret = "ViewEndpointSecret"
    case manageEndpointSecret = "ManageEndpointSecret"
    case manageTransformations = "ManageTransformations"
    case createAttempts = "CreateAttempts"
    case manageEndpoint = "ManageEndpoint"

    /// Tells whether a token's capabilities, by their names, give this one: who may rotate a secret may see it.
    func isAmong(_ names: some Collection<String>) -> Bool {
        names.contains(rawValue)
            || self == .viewEndpointSecret && names.contains(Capability.manageEndpointSecret.rawValue)
    }
}

/// Finds the operation of a method and a path.
struct Router: Sendable {
    private enum Part: Sendable {
        case text(String)
        case parameter(String)
    }

    private struct Route: Sendable {
        var parts: [Part]
        var operation: Operation

        /// Tells whether it fits a path of as many segments.
        func fits(_ segments: [String]) -> Bool {
            for (part, segment) in zip(parts, segments) {
                if case .text(let text) = part, text != segment { return false }
            }
            return true
        }

        /// The parameters of a path that it fits.
        func parameters(_ segments: [String]) -> [String: String] {
            var parameters: [String: String] = [:]
            for (part, segment) in zip(parts, segments) {
                if case .parameter(let name) = part { parameters[name] = segment }
            }
            return parameters
        }
    }

    enum Match: Sendable {
        case found(Operation, parameters: [String: String])
        /// This path has operations by other methods.
        case otherMethods([String])
        case none
    }

    /// By the number of segments; of two that fit a path, the one with more fixed segments stands first.
    private let routes: [Int: [Route]]
    let operations: [Operation]

    init(_ operations: [Operation]) {
        self.operations = operations
        let all = operations.map { operation in
            let parts = operation.path.split(separator: "/").map { text -> Part in
                text.hasPrefix("{") ? .parameter(String(text.dropFirst().dropLast())) : .text(String(text))
            }
            return Route(parts: parts, operation: operation)
        }
        func fixed(_ route: Route) -> Int { route.parts.count { if case .text = $0 { true } else { false } } }
        routes = Dictionary(grouping: all, by: \.parts.count).mapValues { $0.sorted { fixed($0) > fixed($1) } }
    }

    func match(_ method: String, _ segments: [String]) -> Match {
        var others: Set<String> = []
        var fixed: String?
        for route in routes[segments.count] ?? [] {
            guard route.fits(segments) else { continue }
            if route.operation.method == method {
                return .found(route.operation, parameters: route.parameters(segments))
            }
            // Of a path with a fixed name and one with a parameter in its place, the first is meant.
            if fixed == nil || fixed == route.operation.path { others.insert(route.operation.method) }
            fixed = fixed ?? route.operation.path
        }
        let order = ["GET", "POST", "PUT", "PATCH", "DELETE"]
        return others.isEmpty ? .none : .otherMethods(order.filter(others.contains))
    }
}
