#if Server
    import NIOCore
    import NIOEmbedded
    import NIOHTTP1
    import Testing

    @testable import WebhooksServer

    /// One request at a time on a connection, without sockets: what is written is taken once the test says so.
    @Suite struct RequestTurnTests {
        private struct Line {
            let channel = EmbeddedChannel()
            let connections: Connections

            init(_ change: (inout ServerLimits) -> Void = { _ in }) throws {
                var limits = ServerLimits()
                change(&limits)
                connections = Connections(limit: 100, bytes: limits.answerBytes)
                let turns = RequestTurns(channel, limits, connections)
                let pipeline = channel.pipeline.syncOperations
                try pipeline.addHandler(ReadAhead(turns, limits))
                try pipeline.configureHTTPServerPipeline(
                    withPipeliningAssistance: false,
                    withErrorHandling: false,
                    withOutboundHeaderValidation: false,
                    withEncoderConfiguration: .init(),
                    withDecoderLimitConfiguration: .init()
                )
                try pipeline.addHandler(turns)
                try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
            }

            func send(_ text: String) throws { try channel.writeInbound(ByteBuffer(string: text)) }

            /// The targets of the requests that have been passed on.
            func targets() throws -> [String] {
                var targets: [String] = []
                while let part = try channel.readInbound(as: HTTPServerRequestPart.self) {
                    if case .head(let head) = part { targets.append(head.uri) }
                }
                return targets
            }

            /// Answers the request that is under way; nobody takes the answer yet.
            func answer(_ body: String = "") {
                let head = HTTPResponseHead(
                    version: .http1_1,
                    status: .ok,
                    headers: ["Content-Length": "\(body.utf8.count)"]
                )
                channel.write(HTTPServerResponsePart.head(head), promise: nil)
                if !body.isEmpty {
                    channel.write(HTTPServerResponsePart.body(.byteBuffer(.init(string: body))), promise: nil)
                }
                channel.write(HTTPServerResponsePart.end(nil), promise: nil)
            }
        }

        private static func requests(_ count: Int) -> String {
            (0..<count).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined()
        }

        @Test func `no request is begun before the answer to the one before was taken`() throws {
            let line = try Line()
            try line.send(Self.requests(2_000))
            #expect(try line.targets() == ["/0"])
            for index in 1..<2_000 {
                line.answer("answer")
                #expect(try line.targets() == [])
                line.channel.flush()
                #expect(try line.targets() == ["/\(index)"])
            }
            line.answer()
            line.channel.flush()
            #expect(line.connections.heldBytes == 0)
            _ = try line.channel.finish(acceptAlreadyClosed: true)
        }

        @Test func `bytes of an answer count until they are taken`() throws {
            let line = try Line()
            try line.send(Self.requests(1))
            line.answer("0123456789")
            #expect(line.connections.heldBytes == 10)
            line.channel.flush()
            #expect(line.connections.heldBytes == 0)
            try line.send(Self.requests(1))
            line.answer("0123456789")
            line.channel.close(promise: nil)
            line.channel.embeddedEventLoop.run()
            #expect(line.connections.heldBytes == 0)
        }

        @Test func `who sends more than is read ahead is closed`() throws {
            let line = try Line { $0.readAhead = 4_096 }
            try line.send(Self.requests(1))
            try line.send(String(repeating: "a", count: 4_096))
            #expect(line.channel.isActive)
            try line.send("a")
            line.channel.embeddedEventLoop.run()
            #expect(!line.channel.isActive)
        }

        @Test func `an error behind a request waits for its answer`() throws {
            let line = try Line()
            try line.send(Self.requests(1) + "NONSENSE\r\n\r\n")
            #expect(try line.targets() == ["/0"])
            #expect(try line.channel.readOutbound(as: ByteBuffer.self) == nil)
            line.answer()
            line.channel.flush()
            var output = ""
            while let bytes = try line.channel.readOutbound(as: ByteBuffer.self) { output += String(buffer: bytes) }
            #expect(output.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(output.contains("HTTP/1.1 400 Bad Request\r\n") && output.hasSuffix("}"), "\(output)")
        }

        @Test func `an end behind requests is told after them`() throws {
            let line = try Line()
            let ends = EndCount()
            try line.channel.pipeline.syncOperations.addHandler(ends)
            try line.send(Self.requests(100))
            line.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
            for _ in 0..<100 {
                #expect(ends.count == 0 || ends.requests == 100)
                line.answer()
                line.channel.flush()
            }
            #expect(ends.requests == 100 && ends.count == 1)
            _ = try line.channel.finish(acceptAlreadyClosed: true)
        }

        @Test func `a connection that is idle is closed when the listener ends, one at work after its answer`() throws {
            let (idle, busy) = (try Line(), try Line())
            try busy.send(Self.requests(1))
            for line in [idle, busy] {
                line.connections.quiesce()
                line.channel.embeddedEventLoop.run()
            }
            #expect(!idle.channel.isActive && busy.channel.isActive)
            busy.answer()
            busy.channel.flush()
            var output = ""
            while let bytes = try busy.channel.readOutbound(as: ByteBuffer.self) { output += String(buffer: bytes) }
            #expect(output.contains("\r\nConnection: close\r\n"), "\(output)")
        }
    }

    private final class EndCount: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        var count = 0
        var requests = 0

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            if case .head = unwrapInboundIn(data) { requests += 1 }
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case .some(.inputClosed) = event as? ChannelEvent { count += 1 }
        }
    }
#endif
