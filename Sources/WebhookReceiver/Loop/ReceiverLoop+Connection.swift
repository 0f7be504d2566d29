internal import Glibc
internal import WebhookCore

/// Reading and writing on one connection. After each step it may be closed: check before going on.
extension ReceiverLoop {
    func handle(_ flags: UInt32, _ connection: Connection) {
        if flags & Poller.broken != 0 {
            drop(connection)
            return
        }
        if flags & Poller.writable != 0 { flush(connection) }
        if flags & Poller.readable != 0, !isGone(connection) { read(connection) }
        settle(connection)
    }

    /// A connection's wait is over.
    func elapsed(_ connection: Connection) {
        if case .lingering = connection.phase {
            drop(connection)
            return
        }
        connection.chunks[connection.chunks.startIndex].delay = .zero
        sendChunks(connection)
        serve(connection)
        settle(connection)
    }

    private func settle(_ connection: Connection) {
        guard !isGone(connection) else { return }
        let wanted = connection.wantedInterest
        guard wanted != connection.interest else { return }
        connection.interest = wanted
        poller.set(connection.descriptor, number: connection.key, wanted, isNew: false)
    }

    private func read(_ connection: Connection) {
        // Once an event: what is left is reported again, and other connections have their turn.
        let expected = connection.parser.expectedLength
        switch connection.input.read(from: connection.descriptor, expected: expected) {
        case .wouldBlock: break
        case .failed: drop(connection)
        case .bytes:
            if case .lingering = connection.phase { connection.input.consume(connection.input.count) }
            serve(connection)
        case .end:
            connection.isAtEnd = true
            switch connection.phase {
            case .reading where connection.hasOutput: connection.phase = .closing(.close)
            case .reading, .holding, .lingering: drop(connection)
            case .answering, .closing: break
            }
        }
    }

    /// Answers the requests that are there, one after another, until one is incomplete or its answer takes time.
    private func serve(_ connection: Connection) {
        while connection.isReading, connection.input.count > 0 {
            switch connection.parser.parse(connection.input.bytes) {
            case .request(let head, let body, let length):
                connection.requestCount += 1
                connection.hasSentContinue = false
                response(connection, head, body)
                connection.input.consume(length)
                continue
            case .wantsContinue where !connection.hasSentContinue:
                connection.hasSentContinue = true
                connection.output.append(contentsOf: "HTTP/1.1 100 Continue\r\n\r\n".utf8)
            case .incomplete, .wantsContinue:
                break
            case .refused(let status):
                ResponseEncoder.append(
                    status: status,
                    headers: [],
                    body: .empty,
                    closes: true,
                    toHEAD: false,
                    to: &connection.output
                )
                connection.phase = .closing(.linger)
            }
            break
        }
        if !isGone(connection) { flush(connection) }
    }

    private func response(_ connection: Connection, _ head: RequestHead, _ body: RequestParser.Body) {
        switch source {
        case .always(let keeping, let closing):
            _ = log.add(nil)
            connection.output.append(contentsOf: head.keepsAlive ? keeping : closing)
            finishResponse(connection, head.keepsAlive ? .keep : .close)
        case .handler(let handler):
            guard let request = log.add(makeRequest(connection, head, body)) else { return }
            begin(handler(request), head, connection)
        }
    }

    private func makeRequest(
        _ connection: Connection,
        _ head: RequestHead,
        _ body: RequestParser.Body
    ) -> ReceivedRequest {
        let bytes = connection.input.bytes
        let content =
            switch body {
            case .range(let range): ByteString(copying: UnsafeRawBufferPointer(rebasing: bytes[range]))
            case .decoded(let decoded): ByteString(decoded)
            }
        return ReceivedRequest(
            number: 0,
            method: String(decoding: bytes[head.method], as: UTF8.self),
            target: String(decoding: bytes[head.target], as: UTF8.self),
            headers: head.headers(bytes),
            body: content,
            receivedAt: .now,
            connection: connection.number,
            numberOnConnection: connection.requestCount,
            remote: connection.remote
        )
    }

    private func begin(_ response: ReceiverResponse, _ head: RequestHead, _ connection: Connection) {
        switch response.content {
        case .response(let status, let headers, let body, let closes):
            let closes = closes || !head.keepsAlive
            connection.ending = closes ? .close : .keep
            func encode(_ output: inout [UInt8]) {
                ResponseEncoder.append(
                    status: status,
                    headers: headers,
                    body: body,
                    closes: closes,
                    toHEAD: head.isHEAD,
                    to: &output
                )
            }
            if response.delay <= .zero {
                encode(&connection.output)
                connection.chunks = []
            } else {
                var bytes: [UInt8] = []
                encode(&bytes)
                connection.chunks = [.init(ByteString(bytes), after: response.delay)]
            }
        case .raw(let chunks, let ending):
            connection.ending = ending
            connection.chunks = (response.delay > .zero ? [.init(.empty, after: response.delay)] : []) + chunks
        }
        connection.phase = .answering
        sendChunks(connection)
    }

    /// Sends what is to be sent now, and sets a timer for the rest.
    private func sendChunks(_ connection: Connection) {
        while let chunk = connection.chunks.first {
            if chunk.delay > .zero {
                connection.token += 1
                setTimer(connection, chunk.delay)
                return
            }
            connection.chunks.removeFirst()
            chunk.bytes.withUnsafeBytes { connection.output.append(contentsOf: $0) }
        }
        finishResponse(connection, connection.ending)
    }

    private func finishResponse(_ connection: Connection, _ ending: ReceiverResponse.Ending) {
        switch ending {
        case .keep: connection.phase = connection.isAtEnd && connection.input.count == 0 ? .closing(.close) : .reading
        case .close: connection.phase = .closing(.close)
        case .reset: connection.phase = .closing(.reset)
        case .hold: connection.phase = connection.isAtEnd ? .closing(.close) : .holding
        }
    }

    /// - Parameter token: the connection's wait; `nil`: the one under way.
    func setTimer(_ connection: Connection, _ delay: Duration, token: Int? = nil) {
        let (seconds, attoseconds) = delay.components
        let nanoseconds = UInt64(clamping: seconds).multipliedReportingOverflow(by: 1_000_000_000)
        let deadline = SystemClock().uptimeNanoseconds.addingReportingOverflow(
            nanoseconds.overflow ? .max : nanoseconds.partialValue + UInt64(clamping: attoseconds / 1_000_000_000)
        )
        timers.add(
            TimerHeap.Entry(
                deadline: deadline.overflow ? .max : deadline.partialValue,
                descriptor: connection.descriptor,
                number: connection.key,
                token: token ?? connection.token
            )
        )
    }

    /// Sends as much as the socket takes, and closes where that was all.
    private func flush(_ connection: Connection) {
        while connection.hasOutput {
            let result = connection.output.withUnsafeBytes { bytes in
                bytes.baseAddress.map {
                    send(
                        connection.descriptor,
                        $0 + connection.sent,
                        bytes.count - connection.sent,
                        Int32(MSG_NOSIGNAL)
                    )
                } ?? 0
            }
            if result > 0 {
                connection.sent += result
            } else if errno == EAGAIN {
                return
            } else if errno != EINTR {
                drop(connection)
                return
            }
        }
        connection.output.removeAll(keepingCapacity: connection.output.capacity <= 65_536)
        connection.sent = 0
        switch connection.phase {
        case .closing(.close): drop(connection)
        case .closing(.reset): drop(connection, resetting: true)
        case .closing(.linger):
            shutdown(connection.descriptor, Int32(SHUT_WR))
            connection.phase = .lingering
            connection.input.consume(connection.input.count)
            connection.token += 1
            setTimer(connection, .seconds(5))
            if connection.isAtEnd { drop(connection) }
        case .reading where connection.isAtEnd: drop(connection)
        case .reading, .answering, .holding, .lingering: break
        }
    }
}
