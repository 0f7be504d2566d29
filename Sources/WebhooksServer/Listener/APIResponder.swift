#if Server
    internal import HTTPTypes
    internal import Hummingbird
    internal import HummingbirdCore
    internal import Logging
    internal import NIOCore
    internal import WebhookCore

    /// A request's context: the address that it came from.
    struct PeerContext: RequestContext, RemoteAddressRequestContext {
        var coreContext: CoreRequestContextStorage
        let remoteAddress: SocketAddress?

        init(source: ApplicationRequestContextSource) {
            coreContext = .init(source: source)
            remoteAddress = source.channel.remoteAddress
        }
    }

    /// Answers requests of the API's own listener.
    struct APIResponder: HTTPResponder {
        typealias Context = PeerContext

        let adapter: RequestAdapter
        let isStopping: @Sendable () -> Bool

        func respond(to request: Request, context: PeerContext) async throws -> Response {
            var answer = await adapter.answer(request, isLocal: RequestAdapter.isLocal(context.remoteAddress))
            if isStopping() { answer.headers.append(("Connection", "close")) }
            return RequestAdapter.response(answer)
        }
    }

    /// Translates between Hummingbird and the API.
    struct RequestAdapter: Sendable {
        let api: WebhooksAPI
        let limits: ServerLimits
        private let gate: RequestGate

        init(_ api: WebhooksAPI, _ limits: ServerLimits) {
            (self.api, self.limits) = (api, limits)
            gate = RequestGate(requests: limits.requests, bytes: limits.bodyBytes)
        }

        /// - Parameter isLocal: whether it came from this machine.
        func answer(_ request: Request, isLocal: Bool) async -> APIResponse {
            let head = request.head
            guard let target = head.path, target.utf8.count <= limits.target else {
                return APIError(400, "bad_request", "The request's target is too long.").response
            }
            var read = APIRequest(method: head.method.rawValue, target: target)
            read.headers = head.headerFields.map { ($0.name.canonicalName, $0.value) }
            if let host = head.authority { read.headers.append(("host", host)) }
            let maxBody = api.settings.maxBody
            let announced = head.headerFields[.contentLength].flatMap { Int($0) }
            let hasBody = announced.map { $0 > 0 } ?? (head.headerFields[.transferEncoding] != nil)
            if let announced, announced > maxBody { return APIError.tooLarge.response }
            // A body of unknown length is counted as the largest.
            let reserved = hasBody ? (announced ?? maxBody) : 0
            guard gate.enter(bytes: reserved) else { return APIError.tooMany.response }
            defer { gate.leave(bytes: reserved) }
            if hasBody {
                if let error = await api.admits(read) { return error.response }
                switch await Self.body(of: request, limit: maxBody) {
                case .whole(let body): read.body = body
                case .tooLarge: return APIError.tooLarge.response
                case .broken: return APIError(400, "bad_request", "The request's body is not whole.").response
                }
            }
            return await api.respond(to: read, isLocal: isLocal)
        }

        private enum ReadBody {
            case whole(ByteString)
            case tooLarge
            /// The connection ended, or it is no body of HTTP.
            case broken
        }

        private static func body(of request: Request, limit: Int) async -> ReadBody {
            var bytes: [UInt8] = []
            do {
                for try await part in request.body {
                    guard bytes.count + part.readableBytes <= limit else { return .tooLarge }
                    bytes.append(contentsOf: part.readableBytesView)
                }
            } catch {
                return .broken
            }
            return .whole(ByteString(bytes))
        }

        static func isLocal(_ address: SocketAddress?) -> Bool {
            guard let text = address?.ipAddress, let parsed = IPAddress(text) else { return false }
            return parsed.isLoopback
        }

        static func response(_ answer: APIResponse) -> Response {
            var headers = HTTPFields()
            for (name, value) in answer.headers {
                if let name = HTTPField.Name(name) { headers.append(HTTPField(name: name, value: value)) }
            }
            let body: ResponseBody
            switch answer.body {
            case .none: body = ResponseBody()
            case .bytes(let bytes):
                headers[.contentType] = answer.type
                body = ResponseBody(byteBuffer: bytes.withUnsafeBytes { ByteBuffer(bytes: $0) })
            case .stream(let next):
                headers[.contentType] = answer.type
                body = ResponseBody { writer in
                    while let bytes = try await next() { try await writer.write(ByteBuffer(bytes: bytes)) }
                    try await writer.finish(nil)
                }
            }
            headers[.cacheControl] = "no-store"
            if let name = HTTPField.Name("X-Content-Type-Options") { headers[name] = "nosniff" }
            return Response(status: .init(code: answer.status), headers: headers, body: body)
        }
    }
#endif
