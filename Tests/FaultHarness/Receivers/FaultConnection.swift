import Foundation

/// One accepted connection, used by one thread.
final class FaultConnection {
    struct Request {
        var path: String
        var event: String
        var length: Int
        var body: [UInt8]?
    }

    private let descriptor: Int32
    private let session: TLSSession?
    private let isReady: Bool
    private var buffer: [UInt8] = []
    private var isOpen = true

    init(_ descriptor: Int32, tls: TLSServer?) {
        self.descriptor = descriptor
        // Nobody waits for long for a peer that was killed or stopped.
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var now: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &now, socklen_t(MemoryLayout<Int32>.size))
        session = tls?.accept(descriptor)
        isReady = tls == nil || session != nil
    }

    /// The next request's line and headers, or `nil` at the end of the connection.
    func readHead() -> Request? {
        guard isReady else { return nil }
        let end = Array("\r\n\r\n".utf8)
        var range = buffer.firstRange(of: end)
        while range == nil {
            guard fill() else { return nil }
            range = buffer.firstRange(of: end)
        }
        guard let range else { return nil }
        let lines = String(decoding: buffer[..<range.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        buffer.removeFirst(range.upperBound)
        let words = lines[0].split(separator: " ")
        func header(_ name: String) -> String? {
            lines.dropFirst().first { $0.lowercased().hasPrefix(name + ":") }
                .map { $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces) }
        }
        return Request(
            path: words.count > 1 ? String(words[1]) : "",
            event: header("webhook-id") ?? "",
            length: header("content-length").flatMap { Int($0) } ?? 0
        )
    }

    /// Reads the body too; whether it was whole.
    func readBody(of request: inout Request) -> Bool {
        while buffer.count < request.length {
            guard fill() else { return false }
        }
        request.body = Array(buffer.prefix(request.length))
        buffer.removeFirst(request.length)
        return true
    }

    /// Whether all was written.
    @discardableResult
    func send(_ bytes: some Collection<UInt8>) -> Bool {
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let count =
                session?.write(rest)
                ?? rest.withUnsafeBytes { Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    func pause(milliseconds: Int) { usleep(UInt32(milliseconds) * 1000) }

    /// Waits until the peer has closed its side, or for as long as patience lasts.
    func waitForEnd() {
        while fill() {}
    }

    /// Ends the connection with a reset instead of an orderly close.
    func reset() {
        var now = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    /// Sends session tickets or new keys, as many as the other side takes within some seconds.
    func flood(withKeys: Bool) {
        let end = ContinuousClock.now + .seconds(4)
        var count = 0
        while .now < end, let session, withKeys ? session.updateKey() : session.sendTicket() {
            count += 1
            if count.isMultiple(of: 200) { pause(milliseconds: 1) }
        }
    }

    func close() {
        guard isOpen else { return }
        isOpen = false
        Foundation.close(descriptor)
    }

    private func fill() -> Bool {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = session?.read(&chunk) ?? recv(descriptor, &chunk, chunk.count, 0)
        guard count > 0 else { return false }
        buffer += chunk.prefix(count)
        if buffer.count > 64 << 20 { return false }
        return true
    }
}
