#if Server
    internal import NIOCore
    internal import NIOHTTP1

    /// Lets a connection have one request at a time, and closes it where its other side takes too long: with a head, with a body,
    /// or with reading the answer.
    ///
    /// A turn begins with the first byte of a request and is over once its answer is with the system. It stands behind the parser:
    /// bytes that trickle in don't count as progress.
    final class RequestTurns: ChannelDuplexHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias InboundOut = HTTPServerRequestPart
        typealias OutboundIn = HTTPServerResponsePart
        typealias OutboundOut = HTTPServerResponsePart

        private enum Phase {
            case idle
            /// A part of a head has come.
            case head
            /// A whole head, not yet the whole body.
            case body
            /// The whole request; its answer is not with the system yet.
            case answering
            /// The last answer is; whatever comes is thrown away.
            case closing
        }

        private enum Early {
            case part(HTTPServerRequestPart)
            case error(any Error)
            /// The other side has ended.
            case end
        }

        private let limits: ServerLimits
        private let connections: Connections
        private let id: ObjectIdentifier
        private var phase = Phase.idle
        /// The parts that were parsed before their turn.
        private var early = CircularBuffer<Early>(initialCapacity: 0)
        /// Tells whether the connection ends with this answer.
        private var isLast = false
        /// Tells whether the request is of HTTP/1.0.
        private var isOld = false
        /// Tells whether the request is HEAD: its answer has no body, whatever its length says.
        private var isHead = false
        /// Tells whether the other side waits to be asked for the body.
        private var isToProceed = false
        /// The parts of the answer that are not with the system yet.
        private var unwritten = 0
        private var timer: DeadlineTimer?
        private var context: ChannelHandlerContext?
        /// Is called when what was read ahead may go on.
        var onTurnOver: (() -> Void)?

        init(_ channel: any Channel, _ limits: ServerLimits, _ connections: Connections) {
            (self.limits, self.connections, id) = (limits, connections, ObjectIdentifier(channel))
        }

        /// Tells whether nothing may be parsed now.
        var isHolding: Bool { phase == .answering }
        var isClosing: Bool { phase == .closing }
        var isReadingBody: Bool { phase == .body }

        func handlerAdded(context: ChannelHandlerContext) {
            self.context = context
            timer = DeadlineTimer(context.eventLoop) { [unowned self] in self.context?.close(promise: nil) }
            timer?.set(limits.idle)
            let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
            let (loop, channel) = (context.eventLoop, context.channel)
            connections.opened(
                id,
                .init(
                    close: { channel.close(promise: nil) },
                    quiesce: { loop.execute { bound.value.quiesce() } },
                    proceed: { loop.execute { bound.value.proceed() } }
                )
            )
        }

        func handlerRemoved(context: ChannelHandlerContext) { end() }

        func channelInactive(context: ChannelHandlerContext) {
            end()
            context.fireChannelInactive()
        }

        private func end() {
            timer?.cancel()
            connections.closed(id)
            (phase, context) = (.closing, nil)
        }

        // MARK: Requests

        /// Notes that bytes have come: a head that has begun has to end.
        func bytesCame() {
            guard phase == .idle else { return }
            phase = .head
            timer?.set(limits.head)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let part = unwrapInboundIn(data)
            if phase == .answering || !early.isEmpty {
                early.append(.part(part))
            } else {
                take(part, context)
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            guard error is HTTPParserError else { return context.fireErrorCaught(error) }
            if phase == .answering || !early.isEmpty {
                early.append(.error(error))
            } else {
                take(error, context)
            }
        }

        private func take(_ part: HTTPServerRequestPart, _ context: ChannelHandlerContext) {
            guard phase != .closing else { return }
            switch part {
            case .head(var head):
                (isOld, isHead) = (head.version == .http1_0, head.method == .HEAD)
                isLast =
                    isLast || isOld || !head.isKeepAlive || head.method == .CONNECT
                    || head.headers.contains(name: "upgrade")
                if let problem = HeadRules.problem(head) {
                    return refuse(problem, context)
                }
                if let path = HeadRules.path(head.uri) { head.uri = path }
                isToProceed = !isOld && head.headers["expect"].contains { $0.lowercased() == "100-continue" }
                phase = .body
                timer?.set(limits.body)
                context.fireChannelRead(wrapInboundOut(.head(head)))
            case .body: context.fireChannelRead(wrapInboundOut(part))
            case .end:
                phase = .answering
                connections.works(id)
                if unwritten == 0 { timer?.clear() }
                context.fireChannelRead(wrapInboundOut(part))
            }
        }

        private func take(_ error: any Error, _ context: ChannelHandlerContext) {
            switch phase {
            case .closing: return
            case .body:
                // Whoever reads the body answers.
                isLast = true
                context.fireErrorCaught(error)
            case .idle, .head, .answering:
                // The method is unknown.
                isHead = false
                refuse(HeadRules.problem(error as? HTTPParserError), context)
            }
        }

        /// Answers a head that can't be passed on, and ends.
        private func refuse(_ problem: String, _ context: ChannelHandlerContext) {
            guard context.channel.isActive else { return }
            (phase, isLast) = (.answering, true)
            let answer = APIError(400, "bad_request", problem).response
            let body = answer.bytes.withUnsafeBytes { ByteBuffer(bytes: $0) }
            let headers: HTTPHeaders = [
                "Content-Type": answer.type, "Content-Length": "\(body.readableBytes)", "Cache-Control": "no-store",
            ]
            write(.head(.init(version: .http1_1, status: .badRequest, headers: headers)), nil, context)
            if !isHead { write(.body(.byteBuffer(body)), nil, context) }
            write(.end(nil), nil, context)
            context.flush()
        }

        /// Asks for the body, where the other side waits for that (RFC 9110, 10.1.1).
        private func proceed() {
            guard let context, phase == .body, isToProceed else { return }
            isToProceed = false
            context.writeAndFlush(wrapOutboundOut(.head(.init(version: .http1_1, status: .continue))), promise: nil)
        }

        // MARK: Answers

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            write(unwrapOutboundIn(data), promise, context)
        }

        private func write(
            _ part: HTTPServerResponsePart,
            _ promise: EventLoopPromise<Void>?,
            _ context: ChannelHandlerContext
        ) {
            guard phase != .closing else {
                promise?.fail(ChannelError.outputClosed)
                return
            }
            var (part, bytes, isEnd) = (part, 0, false)
            switch part {
            case .head(var head):
                // Nobody reads the rest of a body that was answered before its end.
                if phase == .body || head.headers[canonicalForm: "connection"].contains("close") { isLast = true }
                if isLast { head.headers.replaceOrAdd(name: "Connection", value: "close") }
                if isOld { head.version = .http1_0 }
                frame(&head)
                part = .head(head)
            case .body(let data): bytes = data.readableBytes
            case .end: isEnd = true
            }
            let done = promise ?? context.eventLoop.makePromise()
            unwritten += 1
            timer?.set(limits.write)
            connections.holds(id, bytes: bytes)
            if unwritten == 1 { connections.waits(id) }
            let (count, last) = (bytes, isEnd)
            done.futureResult.assumeIsolated().whenComplete { [self] in written(count, last, $0) }
            context.write(wrapOutboundOut(part), promise: done)
        }

        /// Says where the body ends (RFC 9112, 6.3): the encoder doesn't know that the answer to HEAD has none.
        private func frame(_ head: inout HTTPResponseHead) {
            if !head.status.mayHaveResponseBody {
                head.headers.remove(name: "content-length")
            } else if !isHead, !isOld, !head.headers.contains(name: "content-length") {
                head.headers.add(name: "Transfer-Encoding", value: "chunked")
            }
        }

        /// A part is with the system: what follows has its own time.
        private func written(_ bytes: Int, _ isEnd: Bool, _ result: Result<Void, any Error>) {
            unwritten -= 1
            connections.holds(id, bytes: -bytes)
            guard let context, case .success = result else { return }
            if isEnd { return turnOver(context) }
            if unwritten > 0 {
                timer?.set(limits.write)
            } else {
                timer?.clear()
                connections.works(id)
            }
        }

        private func turnOver(_ context: ChannelHandlerContext) {
            connections.waits(id)
            if isLast {
                early.removeAll()
                phase = .closing
                // Whoever still sends is to read the answer before the connection is reset.
                timer?.set(limits.linger)
                context.close(mode: .output, promise: nil)
            } else {
                phase = .idle
                timer?.set(limits.idle)
                takeEarly(context)
            }
            onTurnOver?()
        }

        private func takeEarly(_ context: ChannelHandlerContext) {
            guard !early.isEmpty else { return }
            bytesCame()
            while phase != .answering, let next = early.popFirst() {
                switch next {
                case .part(let part): take(part, context)
                case .error(let error): take(error, context)
                case .end: context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
                }
            }
            context.fireChannelReadComplete()
        }

        // MARK: The listener's end

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case .some(.inputClosed) = event as? ChannelEvent {
                if phase == .closing { return context.close(promise: nil) }
                if !early.isEmpty { return early.append(.end) }
            }
            context.fireUserInboundEventTriggered(event)
        }

        private func quiesce() {
            switch phase {
            case .idle, .head: context?.close(promise: nil)
            case .body, .answering, .closing: isLast = true
            }
        }
    }
#endif
