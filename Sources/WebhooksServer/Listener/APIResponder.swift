#if Server
    internal import HTTPTypes
    internal import Hummingbird
    internal import HummingbirdCore
    internal import NIOCore
    internal import Synchronization
    internal import WebhookCore

    /// The other side of a request, as far as the listener lets it be told.
    struct Peer: Sendable {
        /// Tells whether it is on this machine.
        var isLocal = false
        /// Notes that it has shown a token that is known.
        var knows: @Sendable () -> Void = {}
        /// Asks it for the body, where it waits for that.
        var proceed: @Sendable () -> Void = {}
    }

    /// Answers requests of the API's own listener.
    struct APIResponder: Sendable {
        let adapter: RequestAdapter
        let connections: Connections
        let isStopping: @Sendable () -> Bool
        private let date = DateField()

        init(
            adapter: RequestAdapter,
            connections: Connections,
            isStopping: @escaping @Sendable () -> Bool
        ) {
            (self.adapter, self.connections, self.isStopping) = (adapter, connections, isStopping)
        }

        func respond(to request: Request, on channel: any Channel) async -> Response {
            let (connections, id) = (connections, ObjectIdentifier(channel))
            let peer = Peer(isLocal: RequestAdapter.isLocal(channel.remoteAddress)) {
                connections.knows(id)
            } proceed: {
                connections.proceed(id)
            }
            var answer = await adapter.answer(request, from: peer)
            if isStopping() { answer.headers.append(("Connection", "close")) }
            var response = RequestAdapter.response(answer)
            if case .absent(length: nil) = answer.body { response.headers[.contentLength] = nil }
            response.headers[.date] = date.value(at: .now)
            return response
        }
    }

    /// The field `Date` of answers (RFC 9110, 6.6.1), made once a second.
    final class DateField: Sendable {
        private let state = Mutex((second: Int64.min, text: ""))

        func value(at instant: Timestamp) -> String {
            let second = instant.milliseconds / 1000
            return state.withLock { state in
                if state.second != second { state = (second, instant.mailText(zone: "GMT")) }
                return state.text
            }
        }
    }

    /// Translates between Hummingbird and the API.
    struct RequestAdapter: Sendable {
        let api: WebhooksAPI
        let limits: ServerLimits
        private let gate: RequestGate

        init(_ api: WebhooksAPI, _ limits: ServerLimits) {
            (self.api, self.limits) = (api, limits)
            gate = RequestGate(requests: limits.requests, bytes: limits.bodyBytes, shares: limits.shares)
        }

        /// Answers a request. Its token is looked at before a byte of its body, and a place among the requests is taken once the
        /// body is there: who is slow keeps nobody else waiting.
        func answer(_ request: Request, from peer: Peer) async -> APIResponse {
            let head = request.head
            var read = APIRequest(method: head.method.rawValue, target: head.path ?? "")
            read.headers = head.headerFields.map { ($0.name.canonicalName, $0.value) }
            if let host = head.authority { read.headers.append(("host", host)) }
            do throws(APIError) {
                return try await answer(&read, request, peer)
            } catch {
                return api.refusal(of: read, error)
            }
        }

        private func answer(_ read: inout APIRequest, _ request: Request, _ peer: Peer) async throws(APIError)
            -> APIResponse
        {
            guard read.target.utf8.count <= limits.target else {
                throw APIError(400, "bad_request", "The request's target is too long.")
            }
            let caller = try await caller(of: read, isLocal: peer.isLocal)
            if api.isLight(read) { return await api.respond(to: read, from: caller) }
            let party = RequestGate.Party(caller)
            var held = 0
            defer { gate.release(bytes: held, party) }
            if caller != .nobody {
                peer.knows()
                read.body = try await body(of: request, peer, party, &held)
            }
            guard gate.enter(party) else { throw .tooMany }
            defer { gate.leave(party) }
            return await api.respond(to: read, from: caller)
        }

        /// The one who asks. Where that takes a look into the store, those who guess have places of their own.
        private func caller(of request: APIRequest, isLocal: Bool) async throws(APIError) -> Caller {
            guard api.looksUp(request) else { return try await api.caller(of: request, isLocal: isLocal) }
            guard gate.enter(.unknown) else { throw .tooMany }
            defer { gate.leave(.unknown) }
            return try await api.caller(of: request, isLocal: isLocal)
        }

        /// Reads a body, where there is one.
        ///
        /// - Parameter held: the bytes that count for it, to be released by the caller.
        private func body(
            of request: Request,
            _ peer: Peer,
            _ party: RequestGate.Party,
            _ held: inout Int
        ) async throws(APIError) -> ByteString {
            let fields = request.head.headerFields
            let announced = fields[.contentLength].flatMap { Int($0) }
            guard announced ?? 0 <= api.settings.maxBody else { throw .tooLarge }
            guard announced.map({ $0 > 0 }) ?? (fields[.transferEncoding] != nil) else { return .empty }
            if fields[.expect] != nil { peer.proceed() }
            var bytes: [UInt8] = []
            do {
                for try await part in request.body {
                    let count = part.readableBytes
                    guard bytes.count + count <= api.settings.maxBody else { throw APIError.tooLarge }
                    guard gate.hold(bytes: count, party) else { throw APIError.tooMany }
                    held += count
                    bytes.append(contentsOf: part.readableBytesView)
                }
            } catch let error as APIError {
                throw error
            } catch {
                // The connection ended, or it is no body of HTTP.
                throw APIError(400, "bad_request", "The request's body is not whole.")
            }
            return ByteString(bytes)
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
            case .absent(let length):
                headers[.contentType] = answer.type
                headers[.contentLength] = length.map { String($0) }
                body = ResponseBody()
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

    extension RequestGate.Party {
        init(_ caller: Caller) {
            switch caller {
            case .nobody: self = .unknown
            case .organisation: self = .organisation
            case .application(let token): self = .application(token.application)
            }
        }
    }
#endif
