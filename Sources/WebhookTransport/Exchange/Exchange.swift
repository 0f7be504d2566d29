internal import CWebhooksCurl
internal import Glibc
internal import WebhookCore

/// A request on its way from order to result. Confined to its shard's queue.
final class Exchange {
    /// The phase of an exchange.
    enum Stage {
        /// The addresses of the endpoint's name.
        case resolvingTarget
        /// The addresses of the proxy's name.
        case resolvingProxy
        /// libcurl has it.
        case running(EasyHandle)
        /// A file descriptor, to try again with.
        case awaitingDescriptor
    }

    let serial: UInt64
    let order: TransportOrder
    let batch: ResultBatch
    /// The time at which the attempt's time began to count.
    private(set) var startedAt: MonotonicTime
    private(set) var deadline: MonotonicTime
    var stage = Stage.resolvingTarget

    /// The duration of the lookup; `nil` for an address literal.
    var lookupTime: Duration?
    /// The endpoint's addresses to try, in that order, all of them permitted.
    private(set) var addresses: [IPAddress] = []
    /// The number of addresses that did not connect.
    private(set) var failedAddresses = 0
    /// The proxy's addresses, where there is a proxy.
    var proxyAddresses: [IPAddress] = []

    /// The time at which libcurl got it, at its current address.
    var handedOverAt: MonotonicTime
    /// The time at which the connection was ready for TLS.
    var connectedAt: MonotonicTime?
    var response = ResponseCollector()
    /// The number of requests that libcurl was about to send: more than one means that it would have sent again by
    /// itself.
    var requestCount = 0
    /// Sockets opened before the request: none on a reused connection.
    var socketCount = 0
    /// The socket opened last, then the one that the request went out on, where that is known.
    var socket = webhooks_curl_bad_socket
    /// Events on its socket since the answer's headers were whole.
    var answerEvents = 0
    /// Bytes that had arrived on the socket when they were first counted.
    var receivedBefore: UInt64?
    /// Something lay in a pooled connection before the request was sent on it.
    var foundInput = false
    /// True when a pooled connection is not to be used, whatever the request says.
    var needsFreshConnection = false
    var isReused = false
    /// The connection would have gone elsewhere than to a permitted address.
    var isBlocked = false
    /// No socket could be opened for want of file descriptors or memory.
    var isStarved = false
    /// The reason that it was cut off for; see `Transport.cancel`.
    var cancelReason: String?
    /// The latest time for the first byte had passed when it would have left.
    var isTooLate = false

    /// Tells whether the first byte may still leave.
    var mayStart: Bool { request.startBy.map { SystemClock().uptimeNanoseconds < $0 } ?? true }

    var request: TransportRequest { order.request }
    /// True when the connection is encrypted, be it only to the proxy.
    var usesTLS: Bool { request.url.scheme == .https || request.egress.proxy?.isTLS == true }

    init(serial: UInt64, order: TransportOrder, batch: ResultBatch, now: MonotonicTime) {
        self.serial = serial
        self.order = order
        self.batch = batch
        startedAt = now
        handedOverAt = now
        deadline = now + order.request.timeout
    }

    /// Time that was spent waiting is not the attempt's.
    func excuse(_ waited: Duration) {
        startedAt = startedAt + waited
        deadline = deadline + waited
    }

    /// Lets the attempt go on until `time` at least.
    func extend(to time: MonotonicTime) {
        guard time > deadline else { return }
        extendedBy += time - deadline
        deadline = time
    }

    /// The extra time that the attempt was given.
    private var extendedBy = Duration.zero

    /// True when the attempt may be let go on for longer: on a machine that is always late it ends as well, after twice
    /// its time.
    var mayBeExtended: Bool { extendedBy < request.timeout }

    /// The address of this try, and how it is spelled. Attempts begin with different ones, and a try continues with the
    /// next.
    private(set) var target: Target?

    struct Target {
        var address: IPAddress
        var text: String

        init(_ address: IPAddress) {
            self.address = address
            text = address.description
        }

        /// Tells whether a C string is ``text``.
        func isSpelled(_ other: UnsafePointer<CChar>) -> Bool {
            var text = text
            return text.withUTF8 { bytes in
                let isSame = bytes.withMemoryRebound(to: CChar.self) {
                    strncmp(other, $0.baseAddress ?? other, $0.count) == 0
                }
                return isSame && other[bytes.count] == 0
            }
        }

        /// As it stands before a port: IPv6 in brackets.
        var bracketed: String { if case .v6 = address { "[\(text)]" } else { text } }
    }

    /// Addresses that one attempt tries at most.
    static let addressLimit = 8

    /// Takes the endpoint's addresses; false where the policy denies one of them: a name that has a permitted and a
    /// denied address is not to be trusted with either. A few are tried, and other ones by the next attempt.
    func vet(_ found: [IPAddress]) -> Bool {
        let (policy, url) = (request.egress, request.url)
        guard found.allSatisfy({ policy.permits($0, port: url.port, host: url.host) }) else { return false }
        let first = max(0, request.attempt - 1) % found.count
        addresses =
            found.count == 1
            ? found : (0..<min(Self.addressLimit, found.count)).map { found[(first + $0) % found.count] }
        target = Target(addresses[0])
        return true
    }

    /// Goes on to the next address; false where all were tried.
    func advanceAddress() -> Bool {
        guard failedAddresses + 1 < addresses.count else { return false }
        failedAddresses += 1
        target = Target(addresses[failedAddresses])
        return true
    }

    /// Tells whether a connection to this peer, as libcurl spells it, is the one that was decided on.
    func allowsPeer(_ text: UnsafePointer<CChar>) -> Bool {
        // The usual case without parsing.
        if request.egress.proxy == nil, target?.isSpelled(text) == true { return true }
        return IPAddress(String(cString: text)).map(allowsPeer) ?? false
    }

    /// Tells whether a connection to this peer is the one that was decided on.
    func allowsPeer(_ peer: IPAddress) -> Bool {
        request.egress.proxy == nil ? peer == target?.address : proxyAddresses.contains(peer)
    }
}

extension Exchange {
    /// The result of a transfer that libcurl ended with `code`.
    func result(code: CURLcode, handle: EasyHandle, now: MonotonicTime) -> TransportResult {
        let context = TransferInfo(
            code: code,
            isTLS: request.url.scheme == .https,
            usesProxy: request.egress.proxy != nil,
            requestCount: requestCount,
            isReused: isReused,
            isConnected: connectedAt != nil || requestCount > 0,
            isBlocked: isBlocked,
            isStarved: isStarved,
            cancelReason: cancelReason,
            isTooLate: isTooLate,
            verifyResult: handle.long(CURLINFO_SSL_VERIFYRESULT)
        )
        // Headers that came whole stand, however the body ended; if it ended early, something is missing.
        if code != CURLE_OK { response.endEarly() }
        var result = TransportResult(
            ending: context.ending(response),
            mayHaveBeenSent: context.mayHaveBeenSent,
            duration: now - startedAt
        )
        result.isStaleConnection = context.isStale(response)
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
    func failure(_ error: FailureKind, _ detail: String, now: MonotonicTime) -> TransportResult {
        var result = TransportResult(
            ending: .failed(error, detail: detail),
            mayHaveBeenSent: false,
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
