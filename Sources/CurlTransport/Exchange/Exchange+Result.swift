internal import CCurl
internal import WebhookCore

extension Exchange {
    /// The result of a transfer that libcurl ended with `code`.
    func result(code: CURLcode, handle: EasyHandle, now: MonotonicTime) -> TransportResult {
        let facts = TransferFacts(
            code: code,
            isTLS: request.url.scheme == .https,
            usesProxy: request.egress.proxy != nil,
            requestCount: requestCount,
            isReused: isReused,
            isConnected: connectedAt != nil || requestCount > 0,
            isBlocked: isBlocked,
            isStarved: isStarved,
            isCancelled: isCancelled,
            verifyResult: handle.long(CURLINFO_SSL_VERIFYRESULT)
        )
        // Headers that came whole stand, however the body ended; if it ended early, something is missing.
        if code != CURLE_OK { response.endEarly() }
        var result = TransportResult(
            ending: facts.ending(response),
            requestLeft: facts.requestLeft,
            duration: now - startedAt
        )
        result.isStaleConnection = facts.isStale(response)
        result.headers = response.headers
        result.body = response.body.isEmpty ? .empty : ByteString(response.body)
        result.isTruncated = response.hasStarted && response.isTruncated
        result.remoteAddress = isBlocked ? nil : target?.text
        result.connectionReused = isReused
        if response.hasStarted { result.httpVersion = handle.httpVersion }
        result.phases = phases(handle)
        return result
    }

    /// The result of a request that libcurl never had or has no more.
    func failure(_ error: DeliveryError, _ detail: String, now: MonotonicTime) -> TransportResult {
        var result = TransportResult(
            ending: .failed(error, detail: detail),
            requestLeft: false,
            duration: now - startedAt
        )
        result.phases.dns = lookupTime
        if error != .blocked { result.remoteAddress = target?.text }
        return result
    }

    private func phases(_ handle: EasyHandle) -> Attempt.Phases {
        var phases = Attempt.Phases(dns: lookupTime)
        let connectTime = handle.microseconds(CURLINFO_CONNECT_TIME_T)
        if connectTime == 0 {
            phases.connect = connectedAt.map { $0 - handedOverAt }
        } else if !isReused {
            phases.connect = .microseconds(connectTime - handle.microseconds(CURLINFO_NAMELOOKUP_TIME_T))
            let secured = handle.microseconds(CURLINFO_APPCONNECT_TIME_T)
            if secured > 0 { phases.tls = .microseconds(secured - connectTime) }
        }
        if response.hasStarted {
            let begun = handle.microseconds(CURLINFO_PRETRANSFER_TIME_T)
            phases.firstByte = .microseconds(max(0, handle.microseconds(CURLINFO_STARTTRANSFER_TIME_T) - begun))
        }
        return phases
    }
}
