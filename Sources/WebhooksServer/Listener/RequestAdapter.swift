#if Server
    internal import NIOCore
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

    /// Has requests answered by the API, within bounds.
    struct RequestAdapter: Sendable {
        let api: WebhooksAPI
        let limits: ServerLimits
        private let gate: RequestGate

        init(_ api: WebhooksAPI, _ limits: ServerLimits) {
            (self.api, self.limits) = (api, limits)
            gate = RequestGate(requests: limits.requests, bytes: limits.bodyBytes, shares: limits.shares)
        }

        /// Answers a request, whose body may be on its way. Its token is looked at before a byte of that, and a place among the
        /// requests is taken once the body is there: who is slow keeps nobody else waiting.
        func answer(
            _ request: APIRequest,
            body: some AsyncSequence<ByteBuffer, any Error> & Sendable,
            from peer: Peer
        ) async -> APIResponse {
            do throws(APIError) {
                return try await answered(request, body, peer)
            } catch {
                return api.refusal(of: request, error)
            }
        }

        private func answered(
            _ request: APIRequest,
            _ body: some AsyncSequence<ByteBuffer, any Error> & Sendable,
            _ peer: Peer
        ) async throws(APIError) -> APIResponse {
            guard request.target.utf8.count <= limits.target else {
                throw APIError(400, "bad_request", "The request's target is too long.")
            }
            let caller = try await caller(of: request, isLocal: peer.isLocal)
            if api.isLight(request) { return await api.respond(to: request, from: caller) }
            let party = RequestGate.Party(caller)
            var (whole, held) = (request, 0)
            defer { gate.release(bytes: held, party) }
            if caller != .nobody {
                peer.knows()
                whole.body = try await read(body, of: request, peer, party, &held)
            }
            guard gate.enter(party) else { throw .tooMany }
            defer { gate.leave(party) }
            return await api.respond(to: whole, from: caller)
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
        private func read(
            _ body: some AsyncSequence<ByteBuffer, any Error> & Sendable,
            of request: APIRequest,
            _ peer: Peer,
            _ party: RequestGate.Party,
            _ held: inout Int
        ) async throws(APIError) -> ByteString {
            let announced = request.header("content-length").flatMap { Int($0) }
            guard announced ?? 0 <= api.settings.maxBody else { throw api.tooLarge(request) }
            guard announced.map({ $0 > 0 }) ?? (request.header("transfer-encoding") != nil) else { return .empty }
            if request.header("expect") != nil { peer.proceed() }
            var bytes: [UInt8] = []
            do {
                for try await part in body {
                    let count = part.readableBytes
                    guard bytes.count + count <= api.settings.maxBody else { throw api.tooLarge(request) }
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
