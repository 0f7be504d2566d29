internal import CCurl
internal import WebhookCore

/// Bounds on what one connection may cost, and time for those that had none.
extension Shard {
    /// Bytes that may arrive for an answer once its headers are whole: its body and what encloses that. libcurl keeps to
    /// itself what stands between the chunks of a body, however much it is.
    static let bytesPerAnswer: UInt64 = 1 << 20

    /// Ends a transfer whose answer is known and whose rest goes on for too long.
    ///
    /// Called after each event on its socket: between two of them libcurl may read a hundred of its buffers.
    func cutOffEndless(_ exchange: Exchange) {
        // Mostly the event that brought the headers brought all: the transfer is over, and is collected next.
        exchange.answerEvents += 1
        // Under HTTP/2 the bytes may be others'.
        guard exchange.answerEvents > 1, case .running(let handle) = exchange.stage, handle.httpVersion != "2" else {
            return
        }
        let received = webhooks_curl_received(exchange.socket)
        guard let before = exchange.receivedBefore else {
            exchange.receivedBefore = received
            return
        }
        if received - min(received, before) > Self.bytesPerAnswer { conclude(exchange, handle, CURLE_WRITE_ERROR) }
    }

    /// Gives what is under way a moment more where this thread could not look at it for a while.
    func giveTimeAfterStop() {
        guard let end = grace.look(now: .now), !isClosed else { return }
        var serials: [UInt64] = []
        for exchange in exchanges.values {
            guard case .running(let handle) = exchange.stage, exchange.mayBeExtended else { continue }
            handle.extend(exchange, to: end)
            guard exchange.deadline < end else { continue }
            exchange.extend(to: end)
            serials.append(exchange.serial)
        }
        grace.give(until: end, to: serials)
    }

    /// Ends those for whom the moment has brought nothing.
    func endGrace() {
        let now = MonotonicTime.now
        for serial in grace.takeOver(now: now) {
            guard let exchange = exchanges[serial], exchange.deadline <= now,
                case .running(let handle) = exchange.stage
            else { continue }
            conclude(exchange, handle, CURLE_OPERATION_TIMEDOUT)
        }
    }
}
