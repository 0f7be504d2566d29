internal import CWebhooksCurl
internal import WebhookCore

extension Shard {
    /// Takes an order up: looks its host up, or starts it at once where the host is an address.
    func begin(_ order: TransportOrder, batch: ResultBatch, now: MonotonicTime) {
        lastSerial += 1
        let exchange = Exchange(serial: lastSerial, order: order, batch: batch, now: now)
        exchanges[exchange.serial] = exchange
        if isClosed { return fail(exchange, .interrupted, "the transport was shut down") }
        if let objection = RequestCheck.objection(to: order.request) { return fail(exchange, .internal, objection) }
        if let tls = order.request.tls, let objection = identities.objection(to: tls) {
            return fail(exchange, .tls, objection)
        }
        if let literal = IPAddress(literalHost: order.request.url.host) {
            targetFound(exchange, [literal])
        } else {
            lookUp(order.request.url.host, isProven: order.request.isProven, for: exchange)
        }
    }

    /// A lookup ended, for an exchange that may have ended before it.
    func resolved(_ serial: UInt64, _ answer: HostAnswer) {
        guard let exchange = exchanges[serial] else { return }
        exchange.excuse(answer.waited)
        switch (exchange.stage, answer.result) {
        case (.resolvingTarget, .success(let addresses)):
            exchange.lookupTime = .now - exchange.startedAt
            targetFound(exchange, addresses)
        case (.resolvingTarget, .failure(let error)):
            exchange.lookupTime = .now - exchange.startedAt
            fail(exchange, .dns, error.detail)
        case (.resolvingProxy, .success(let addresses)):
            exchange.proxyAddresses = Array(addresses.prefix(Exchange.addressLimit))
            start(exchange)
        case (.resolvingProxy, .failure):
            fail(exchange, .connect, "the proxy's name could not be resolved")
        case (.running, _), (.awaitingDescriptor, _):
            break
        }
    }

    /// Why everything ends.
    static let stopped = "the dispatcher stopped"

    /// Ends requests, truthfully: an answer whose headers have come stands.
    ///
    /// - Parameter tokens: whose; `nil`: all.
    func cancel(_ tokens: Set<UInt64>?, reason: String) {
        let meant = exchanges.values.filter { tokens?.contains($0.order.token) ?? true }
        for exchange in meant.sorted(by: { $0.serial < $1.serial }) {
            exchange.cancelReason = reason
            if case .running(let handle) = exchange.stage {
                end(exchange, handle, CURLE_ABORTED_BY_CALLBACK)
            } else {
                fail(exchange, .interrupted, "\(reason) before the request was sent")
            }
        }
        if tokens == nil { descriptorBackoff = DescriptorBackoff() }
    }

    /// libcurl is done with a transfer, and the exchange with it, unless there is another address to try.
    func transferEnded(_ exchange: Exchange, _ handle: EasyHandle, _ code: CURLcode) {
        let now = MonotonicTime.now
        if exchange.foundInput, !exchange.needsFreshConnection {
            exchange.needsFreshConnection = true
            recycle(handle)
            return start(exchange)
        }
        if exchange.requestCount == 0, !exchange.isBlocked, now < exchange.deadline {
            if exchange.isStarved {
                recycle(handle)
                return starve(exchange, now: now)
            }
            let isUnreachable =
                code == CURLE_COULDNT_CONNECT
                || code == CURLE_OPERATION_TIMEDOUT && exchange.connectedAt == nil
            if isUnreachable, exchange.request.egress.proxy == nil, exchange.advanceAddress() {
                recycle(handle)
                return start(exchange)
            }
        }
        end(exchange, handle, code)
    }

    /// Lets those that found no descriptor try again, and ends those whose time to connect is up.
    func retryStarved() {
        let now = MonotonicTime.now
        guard let turn = descriptorBackoff.takeDue(now: now) else { return }
        for serial in turn.tries {
            if let exchange = exchanges[serial] { start(exchange) }
        }
        for serial in turn.waits {
            if let exchange = exchanges[serial] { starve(exchange, now: now) }
        }
    }

    private func lookUp(_ host: String, isProven: Bool, for exchange: Exchange) {
        let serial = exchange.serial
        let query = HostQuery(
            host: host,
            isProven: isProven,
            timeout: max(.zero, exchange.deadline - .now)
        )
        resolver.resolve(query) { [self] answer in post(.resolved(serial, answer)) }
    }

    private func targetFound(_ exchange: Exchange, _ addresses: [IPAddress]) {
        guard !addresses.isEmpty else { return fail(exchange, .dns, ResolutionError.notFound.detail) }
        guard exchange.vet(addresses) else {
            return fail(exchange, .blocked, "the egress policy forbids an address of the host")
        }
        guard let proxy = exchange.request.egress.proxy else { return start(exchange) }
        // The operator chose the proxy: its address is not for the policy to judge.
        if let literal = IPAddress(literalHost: proxy.host) {
            exchange.proxyAddresses = [literal]
            start(exchange)
        } else {
            exchange.stage = .resolvingProxy
            // Every delivery needs it.
            lookUp(proxy.host, isProven: true, for: exchange)
        }
    }

    private func start(_ exchange: Exchange) {
        let now = MonotonicTime.now
        guard now < exchange.deadline else {
            return fail(exchange, .timeout, "the time was up before a connection could be made")
        }
        guard exchange.mayStart else { return fail(exchange, .interrupted, TransferInfo.tooLate) }
        exchange.isStarved = false
        exchange.socketCount = 0
        exchange.socket = webhooks_curl_bad_socket
        exchange.connectedAt = nil
        exchange.handedOverAt = now
        guard let handle = idleHandles.popLast() ?? EasyHandle(sockets: sockets, monitor: monitor) else {
            return fail(exchange, .internal, "libcurl could not be set up for a request")
        }
        guard handle.prepare(exchange, now: now), curl_multi_add_handle(multi, handle.pointer) == CURLM_OK else {
            handle.release()
            return fail(exchange, .internal, "libcurl did not take the request")
        }
        exchange.stage = .running(handle)
    }

    private func starve(_ exchange: Exchange, now: MonotonicTime) {
        let limit = min(exchange.deadline, exchange.startedAt + exchange.request.connectTimeout)
        guard now < limit else {
            return fail(exchange, .connect, "this machine had no file descriptor or memory left for a connection")
        }
        exchange.stage = .awaitingDescriptor
        descriptorBackoff.add(exchange.serial, now: now)
    }

    func end(_ exchange: Exchange, _ handle: EasyHandle, _ code: CURLcode) {
        let result = exchange.result(code: code, handle: handle, now: .now)
        recycle(handle)
        finish(exchange, result)
    }

    private func fail(_ exchange: Exchange, _ error: FailureKind, _ detail: String) {
        finish(exchange, exchange.failure(error, detail, now: .now))
    }

    private func finish(_ exchange: Exchange, _ result: TransportResult) {
        exchanges[exchange.serial] = nil
        descriptorBackoff.requestEnded()
        let completion = TransportCompletion(token: exchange.order.token, result: result)
        if exchange.batch.append(completion) { touchedBatches.append(exchange.batch) }
    }

    /// Takes a handle out of libcurl's hands, which closes the connection where the transfer had not ended.
    private func recycle(_ handle: EasyHandle) {
        if let exchange = handle.exchange { sockets.answerEnded(exchange) }
        monitor.during { _ = curl_multi_remove_handle(multi, handle.pointer) }
        handle.release()
        if idleHandles.count < Self.idleHandleLimit { idleHandles.append(handle) }
    }
}
