#if Server
    internal import NIOCore
    internal import NIOHTTP1
    internal import WebhookCore

    /// What the connections of a listener share to answer requests.
    struct AnsweringMeans: Sendable {
        let adapter: RequestAdapter
        let connections: Connections
        let tasks: RequestTasks
        let isStopping: @Sendable () -> Bool
        let date = DateField()
    }

    /// Has the requests of a connection answered, each in a task of its own, which ends with it: a connection that is idle has
    /// none. It stands behind ``RequestTurns``, which passes on one request at a time.
    final class RequestAnswers: ChannelDuplexHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundIn = HTTPServerResponsePart
        typealias OutboundOut = HTTPServerResponsePart

        private let means: AnsweringMeans
        private let id: ObjectIdentifier
        private let loop: any EventLoop
        private var context: ChannelHandlerContext?
        private var isLocal = false
        /// The head whose task is not begun: a small body comes with it.
        private var head: APIRequest?
        private var body: IncomingBody?
        /// The requests whose answer is not with the system yet.
        private var open = 0
        private var isReadWanted = false
        /// Tells whether the other side has ended.
        private var hasEnded = false

        init(_ channel: any Channel, _ means: AnsweringMeans) {
            (self.means, id, loop) = (means, ObjectIdentifier(channel), channel.eventLoop)
        }

        func handlerAdded(context: ChannelHandlerContext) {
            self.context = context
            isLocal = Self.isLocal(context.remoteAddress)
        }

        func handlerRemoved(context: ChannelHandlerContext) { leave() }

        func channelInactive(context: ChannelHandlerContext) { leave() }

        private func leave() {
            (context, head) = (nil, nil)
            body?.fail()
            body = nil
        }

        private static func isLocal(_ address: SocketAddress?) -> Bool {
            guard let text = address?.ipAddress, let parsed = IPAddress(text) else { return false }
            return parsed.isLoopback
        }

        // MARK: Requests

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head):
                open += 1
                self.head = APIRequest(head)
                let bound = NIOLoopBound(self, eventLoop: loop)
                body = IncomingBody { bound.eventLoop.execute { bound.value.readOn() } }
            case .body(let part): body?.append(part)
            case .end:
                body?.end()
                begin()
                body = nil
            }
        }

        func channelReadComplete(context: ChannelHandlerContext) {
            begin()
            context.fireChannelReadComplete()
        }

        /// Reads no more of a body than is taken.
        func read(context: ChannelHandlerContext) {
            if body?.isWaiting == true { isReadWanted = true } else { context.read() }
        }

        private func readOn() {
            guard isReadWanted, let context else { return }
            isReadWanted = false
            context.read()
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            guard error is HTTPParserError else { return context.close(promise: nil) }
            // A body is none of HTTP: whoever reads it answers, if that isn't done.
            body?.fail()
            begin()
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            guard case .some(.inputClosed) = event as? ChannelEvent else {
                return context.fireUserInboundEventTriggered(event)
            }
            hasEnded = true
            body?.fail()
            begin()
            if open == 0 { context.close(promise: nil) }
        }

        /// Begins to answer a head that has come, its body or not.
        private func begin() {
            guard let request = head, let body else { return }
            head = nil
            let (means, id) = (means, id)
            let peer = Peer(isLocal: isLocal) {
                means.connections.knows(id)
            } proceed: {
                means.connections.proceed(id)
            }
            let bound = NIOLoopBound(self, eventLoop: loop)
            means.tasks.run(on: loop) {
                await Self.send(await means.adapter.answer(request, body: body, from: peer), bound)
            }
        }

        // MARK: Answers

        private static func send(_ answer: APIResponse, _ bound: NIOLoopBound<RequestAnswers>) async {
            let loop = bound.eventLoop
            guard case .stream(let next) = answer.body else { return loop.execute { bound.value.write(answer) } }
            do {
                try await loop.flatSubmit { bound.value.writeHead(answer, isFlushed: true) }.get()
                while let bytes = try await next() {
                    try await loop.flatSubmit { bound.value.writePiece(bytes) }.get()
                }
                loop.execute { bound.value.writeEnd() }
            } catch {
                // It is cut off, and its reader is to see that.
                loop.execute { bound.value.context?.close(promise: nil) }
            }
        }

        private func write(_ answer: APIResponse) {
            _ = writeHead(answer, isFlushed: false)
            if case .bytes(let bytes) = answer.body, !bytes.isEmpty {
                _ = put(.body(.byteBuffer(bytes.withUnsafeBytes { ByteBuffer(bytes: $0) })), isFlushed: false)
            }
            writeEnd()
        }

        private func writeHead(_ answer: APIResponse, isFlushed: Bool) -> EventLoopFuture<Void> {
            // Nobody reads the rest of a body that was answered before its end.
            body = nil
            readOn()
            var headers = answer.fields
            headers.add(name: "Date", value: means.date.value(at: .now))
            if means.isStopping() { headers.add(name: "Connection", value: "close") }
            let status = HTTPResponseStatus(statusCode: answer.status)
            let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
            return put(.head(head), isFlushed: isFlushed)
        }

        private func writePiece(_ bytes: [UInt8]) -> EventLoopFuture<Void> {
            put(.body(.byteBuffer(ByteBuffer(bytes: bytes))), isFlushed: true)
        }

        private func writeEnd() {
            put(.end(nil), isFlushed: true).assumeIsolated().whenComplete { [self] _ in
                open -= 1
                if open == 0, hasEnded { context?.close(promise: nil) }
            }
        }

        private func put(_ part: HTTPServerResponsePart, isFlushed: Bool) -> EventLoopFuture<Void> {
            guard let context else { return loop.makeFailedFuture(ChannelError.ioOnClosedChannel) }
            let done = loop.makePromise(of: Void.self)
            context.write(wrapOutboundOut(part), promise: done)
            if isFlushed { context.flush() }
            return done.futureResult
        }
    }

    extension APIRequest {
        fileprivate init(_ head: HTTPRequestHead) {
            self.init(
                method: head.method.rawValue,
                target: head.uri,
                headers: head.headers.map { ($0.name.lowercased(), $0.value) }
            )
        }
    }

    extension APIResponse {
        /// The header fields that follow from the answer alone.
        fileprivate var fields: HTTPHeaders {
            var fields = HTTPHeaders(headers)
            switch body {
            case .none: fields.add(name: "Content-Length", value: "0")
            case .absent(let length):
                fields.add(name: "Content-Type", value: type)
                if let length { fields.add(name: "Content-Length", value: "\(length)") }
            case .bytes(let bytes):
                fields.add(name: "Content-Type", value: type)
                fields.add(name: "Content-Length", value: "\(bytes.count)")
            case .stream: fields.add(name: "Content-Type", value: type)
            }
            fields.add(name: "Cache-Control", value: "no-store")
            fields.add(name: "X-Content-Type-Options", value: "nosniff")
            return fields
        }
    }
#endif
