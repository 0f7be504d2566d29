#if Server
    import Foundation
    import Logging
    import Testing
    import WebhookCore
    import WebhookSimulation

    @testable import WebhooksServer

    /// Runs a listener over a store of its own.
    ///
    /// - Parameters:
    ///   - change: makes its limits.
    ///   - body: is given its port.
    func serving(
        _ served: ServedStore? = nil,
        _ change: (inout ServerLimits) -> Void = { _ in },
        _ body: @escaping @Sendable (UInt16) async throws -> Void
    ) async throws {
        var served = served
        if served == nil { served = try await ServedStore() }
        let api = try #require(served).api
        var limits = ServerLimits()
        change(&limits)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let address = try #require(ListenAddress("127.0.0.1:0"))
        let listener = APIListener(api, on: address, limits: limits, logger: logger)
        let (ports, port) = AsyncStream<UInt16>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await listener.run { port.yield($0) } }
            var iterator = ports.makeAsyncIterator()
            let number = try #require(await iterator.next())
            defer { listener.stop() }
            try await body(number)
            listener.stop()
            try await group.waitForAll()
        }
    }

    /// The head of a request with the organisation's token, or another one, or none.
    func request(_ method: String, _ target: String, token: String? = ServedStore.token, more: String = "") -> String {
        let authorization = token.map { "Authorization: Bearer \($0)\r\n" } ?? ""
        return "\(method) \(target) HTTP/1.1\r\nHost: 127.0.0.1\r\n\(authorization)\(more)\r\n"
    }

    /// Sends bytes on a connection of their own: all that is answered until the server ends it.
    func exchange(_ port: UInt16, _ text: String) -> String {
        guard let connection = BlockingConnection(to: port, patience: 30) else { return "" }
        defer { connection.close() }
        _ = connection.send(text.utf8)
        guard connection.waitForEnd() || !connection.buffer.isEmpty else { return "" }
        return String(decoding: connection.buffer, as: UTF8.self)
    }

    extension BlockingConnection {
        /// Reads one answer: its status line, and its body.
        func answer() -> (line: String, head: RequestHead, body: String)? {
            guard let head = readHead() else { return nil }
            return (head.line, head, String(decoding: take(head.length) ?? [], as: UTF8.self))
        }

        /// Sends a request and reads its answer: its status.
        func status(_ text: String) -> Int {
            guard send(text.utf8), let answer = answer() else { return 0 }
            return Int(answer.line.split(separator: " ").dropFirst().first ?? "") ?? 0
        }
    }

    func blocking<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: body()) }
        }
    }
#endif
