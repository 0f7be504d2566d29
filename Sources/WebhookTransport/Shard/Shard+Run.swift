internal import CWebhooksCurl
internal import Dispatch
internal import WebhookCore

extension Shard {
    /// Does what there is to do: messages, sockets, timeouts, then results, handed over together.
    func turn() {
        dispatchPrecondition(condition: .onQueue(queue))
        CurlGlobal.withoutBrokenPipes { takeTurn() }
    }

    private func takeTurn() {
        watchdog.runBegins()
        giveTimeAfterStop()
        for message in takeMessages() { handle(message) }
        if !isClosed {
            // A bound, so that the queue's other work comes to its turn; what is left makes the descriptor readable.
            for _ in 0..<8 {
                if !pollOnce() { break }
            }
            retryStarved()
            endGrace()
        }
        handOverResults()
        guard !isClosed else { return }
        let next = min(curlDeadline, descriptorBackoff.nextTry, grace.end)
        grace.looksAgain(at: max(next, .now))
        poller.wake(at: next)
    }

    /// Looks once at every socket and at the time; returns whether there may be more to do.
    private func pollOnce() -> Bool {
        let isMoreWaiting = dispatchEvents()
        runTimeouts()
        collectFinished()
        handOverResults()
        return isMoreWaiting || MonotonicTime.now >= curlDeadline
    }

    private func handle(_ message: ShardMessage) {
        switch message {
        case .send(let orders, let completion):
            let batch = ResultBatch(completion: completion)
            for (index, order) in orders.enumerated() {
                begin(order, batch: batch, now: .now)
                if index % Self.batchSize == Self.batchSize - 1, !isClosed { _ = pollOnce() }
            }
        case .resolved(let serial, let answer):
            resolved(serial, answer)
        case .cancel(let tokens, let reason):
            cancel(tokens, reason: reason)
        case .ping(let completion):
            completion()
        case .shutDown:
            close()
        }
    }

    private func dispatchEvents() -> Bool {
        poller.drain { event in
            giveTimeAfterStop()
            var running: Int32 = 0
            monitor.during { _ = curl_multi_socket_action(multi, event.socket, event.mask, &running) }
            if let exchange = sockets.answering[event.socket] { cutOffEndless(exchange) }
        }
    }

    private func runTimeouts() {
        guard MonotonicTime.now >= curlDeadline else { return }
        giveTimeAfterStop()
        var running: Int32 = 0
        monitor.during { _ = curl_multi_socket_action(multi, webhooks_curl_timeout_socket, 0, &running) }
        // libcurl names a time once; where it thinks that the time has not quite come it says nothing, so ask.
        var milliseconds = -1
        curl_multi_timeout(multi, &milliseconds)
        setCurlDeadline(milliseconds)
    }

    /// A finished transfer is reported once and only when asked for, whatever brought its end about.
    private func collectFinished() {
        var code = CURLE_OK
        while let easy = webhooks_curl_multi_next_done(multi, &code) {
            guard let context = webhooks_curl_get_private(easy) else { continue }
            let handle = Unmanaged<EasyHandle>.fromOpaque(context).takeUnretainedValue()
            if let exchange = handle.exchange { transferEnded(exchange, handle, code) }
        }
    }

    func setCurlDeadline(_ milliseconds: Int) {
        curlDeadline = milliseconds < 0 ? .distantFuture : .now + .milliseconds(milliseconds)
    }

    private func handOverResults() {
        let batches = touchedBatches
        touchedBatches.removeAll(keepingCapacity: true)
        for batch in batches { batch.handOver() }
    }

    /// libcurl wants a socket watched. It must not be called back from here.
    static let socketChanged: webhooks_curl_socket_function = { _, socket, what, context, _ in
        guard let context else { return -1 }
        let shard = Unmanaged<Shard>.fromOpaque(context).takeUnretainedValue()
        if what == CURL_POLL_REMOVE {
            shard.poller.forget(socket)
        } else if !shard.poller.watch(socket, for: what) {
            return -1
        }
        return 0
    }

    /// libcurl wants to be called at a time. It must not be called back from here.
    static let timerChanged: webhooks_curl_timer_function = { _, milliseconds, context in
        guard let context else { return -1 }
        Unmanaged<Shard>.fromOpaque(context).takeUnretainedValue().setCurlDeadline(milliseconds)
        return 0
    }
}
