import CWebhooksEpoll
import Foundation
import Synchronization
import WebhookCore
import WebhookSimulation

/// A receiver on loopback that misbehaves as its script says: a thread for each connection.
final class FaultServer: Sendable {
    let port: UInt16
    private let listener: Int32
    private let ledger: Ledger
    private let trap: String
    private let tls: TLSServer?
    /// Says what to do about the n-th request for an event of a subscription.
    private let script: @Sendable (_ subscription: String, _ event: String, _ number: Int) -> Fault
    private let isGood = Atomic(false)
    private let numbers = Mutex<[Checker.Key: Int]>([:])

    var url: String { "\(tls == nil ? "http" : "https")://127.0.0.1:\(port)" }

    /// - Parameters:
    ///   - trap: where redirects lead.
    ///   - tls: default: plain HTTP.
    init(
        _ ledger: Ledger,
        trap: String,
        tls: TLSServer? = nil,
        script: @escaping @Sendable (_ subscription: String, _ event: String, _ number: Int) -> Fault
    ) throws {
        self.ledger = ledger
        self.trap = trap
        self.tls = tls
        self.script = script
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard listener >= 0 else { throw Problem("cannot make a socket") }
        var endpoint = sockaddr_in()
        endpoint.sin_family = sa_family_t(AF_INET)
        endpoint.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let isListening = withUnsafeMutablePointer(to: &endpoint) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(listener, pointer, length) == 0 && listen(listener, 1024) == 0
                    && getsockname(listener, pointer, &length) == 0
            }
        }
        guard isListening else { throw Problem("cannot listen: \(String(cString: strerror(errno)))") }
        port = UInt16(bigEndian: endpoint.sin_port)
        let thread = Thread { [self] in acceptConnections() }
        thread.start()
    }

    /// From now on it accepts every request.
    func behave() { isGood.store(true, ordering: .releasing) }

    /// Takes no more connections.
    func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

    private func acceptConnections() {
        while true {
            let descriptor = accept4(listener, nil, nil, Int32(SOCK_CLOEXEC.rawValue))
            if descriptor < 0 {
                if errno == EINTR || errno == ECONNABORTED { continue }
                close(listener)
                return
            }
            let worker = Thread { [self] in
                let connection = FaultConnection(descriptor, tls: tls)
                serve(connection)
                connection.close()
            }
            worker.stackSize = 256 * 1024
            worker.start()
        }
    }

    /// For how long bytes that were sent before a request has come may be under way still.
    private static let crossing = Duration.seconds(2)

    private func serve(_ connection: FaultConnection) {
        // After responses that nobody asked for, what comes is refused: taking one of them for the response shows.
        var unsolicitedAt: Instant?
        var wasInOneChunk = false
        while var request = connection.readHead() {
            let subscription = String(request.path.dropFirst())
            let key = Checker.Key(subscription: subscription, event: request.event)
            let number = numbers.withLock { numbers in
                numbers[key, default: 0] += 1
                return numbers[key] ?? 0
            }
            var fault = script(subscription, request.event, number)
            if isGood.load(ordering: .acquiring) { fault = .none(SampleResponse.all[0]) }
            if unsolicitedAt != nil { fault = .refusal(status: 503, headers: "") }
            // What has crossed the request on its way looks like the response to it.
            let hasCrossed = unsolicitedAt.map { !wasInOneChunk && ledger.now - $0 < Self.crossing } ?? false
            // Before the first byte of a response: what is on record can't be ahead of what is known here.
            let isWhole = fault.readsBody && connection.readBody(of: &request)
            ledger.add(
                RequestFact(
                    request,
                    subscription,
                    at: ledger.now,
                    isAccepted: hasCrossed || fault.accepts && isWhole == fault.readsBody
                )
            )
            if fault.readsBody && !isWhole { return }
            guard perform(fault, on: connection) else { return }
            if case .unsolicited(_, let milliseconds) = fault {
                unsolicitedAt = ledger.now
                wasInOneChunk = milliseconds == 0
            }
        }
    }

    /// Returns whether the connection goes on.
    private func perform(_ fault: Fault, on connection: FaultConnection) -> Bool {
        switch fault {
        case .none(let response):
            return connection.send(response.bytes) && response.keepsAlive
        case .refusal(let status, let headers):
            let lines = headers.replacingOccurrences(of: Fault.redirectPlaceholder, with: trap)
            return connection.send("HTTP/1.1 \(status) No\r\n\(lines)Content-Length: 0\r\n\r\n".utf8)
        case .cut(let response, let at, let resets):
            connection.send(response.bytes.prefix(at))
            if resets { connection.reset() }
            return false
        case .stall(let response, let at):
            connection.send(response.bytes.prefix(at))
            connection.waitForEnd()
            return false
        case .trickle(let response, let milliseconds):
            for byte in response.bytes {
                guard connection.send([byte]) else { return false }
                connection.pause(milliseconds: milliseconds)
            }
            return response.keepsAlive
        case .garbage(let bytes):
            connection.send(bytes)
            return false
        case .unsolicited(let response, let milliseconds):
            let more = SampleResponse.all[0].bytes + SampleResponse.all[1].bytes
            guard response.keepsAlive else { return connection.send(response.bytes) && false }
            if milliseconds == 0 { return connection.send(response.bytes + more) }
            guard connection.send(response.bytes) else { return false }
            connection.pause(milliseconds: milliseconds)
            return connection.send(more)
        case .statusLineInside:
            return connection.send("HTTP/1.1 503 No\r\nHTTP/1.1 204 :\r\nX: y\r\nContent-Length: 0\r\n\r\n".utf8)
        case .goneInside:
            return connection.send("HTTP/1.1 200 OK\r\nHTTP/1.1 410 :\r\nX: y\r\nContent-Length: 0\r\n\r\n".utf8)
        case .endless(let part):
            // Bounded, in case nobody cuts it off.
            connection.send(part.chunks.head.utf8)
            let chunk = Array(String(repeating: part.chunks.rest, count: 400).utf8)
            for _ in 0..<2000 {
                guard connection.send(chunk) else { return false }
                connection.pause(milliseconds: 2)
            }
            return false
        case .early(let response):
            connection.send(response.bytes)
            return false
        case .deaf:
            connection.pause(milliseconds: 3000)
            return false
        case .flood(let response, let withKeys, let isFirst):
            if !isFirst { guard connection.send(response.bytes) else { return false } }
            connection.flood(withKeys: withKeys)
            return false
        case .hangUp(let response, let milliseconds):
            connection.send(response.bytes)
            connection.pause(milliseconds: milliseconds)
            return false
        }
    }
}

extension Fault {
    /// True when status line and headers of an acceptance go out whole.
    var accepts: Bool {
        switch self {
        case .none, .unsolicited, .goneInside, .hangUp, .trickle, .early: true
        case .cut(let response, let at, _), .stall(let response, let at): at >= response.headEnd
        case .endless(let part): part.accepts
        case .refusal(let status, _): (200..<300).contains(status)
        case .flood(_, _, let isFirst): !isFirst
        case .garbage, .statusLineInside, .deaf: false
        }
    }

    /// True when it begins only once the request's body has been read.
    var readsBody: Bool {
        switch self {
        case .early, .deaf: false
        default: true
        }
    }
}

extension RequestFact {
    init(_ request: FaultConnection.Request, _ subscription: String, at: Instant, isAccepted: Bool) {
        self.init(
            subscription: subscription,
            event: request.event,
            at: at,
            digest: request.body?.hashValue,
            isOwnBody: request.body.map { EventData.belongs($0, to: request.event) } ?? true,
            isAccepted: isAccepted
        )
    }
}
