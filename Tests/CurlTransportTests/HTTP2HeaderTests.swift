import Testing
import WebhookCore

@testable import WebhookTransport

/// Answers over HTTP/2 whose headers have no end, or too many of them.
@Suite(.timeLimit(.minutes(2))) struct HTTP2HeaderTests {
    private let certificates: TestCertificates
    private let resolver = ScriptedResolver(["receiver.test": [["127.0.0.1"]]])

    init() throws { certificates = try TestCertificates.shared.get() }

    /// The result of a request whose answer is what this sends.
    private func result(_ send: @escaping @Sendable (RawConnection) -> Void) async throws -> TransportResult {
        let server = try RawServer(tls: certificates.server("server").forHTTP2()) { connection, _ in
            connection.send(HTTP2Frame.settings)
            guard connection.waitForHTTP2Request() else { return }
            send(connection)
            connection.discardAll()
        }
        let request = TransportRequest.to(
            server.port,
            scheme: .https,
            host: "receiver.test",
            tls: TLSOptions(authorities: certificates.authority),
            httpVersion: .http2,
            timeout: .seconds(60)
        )
        return await (try CurlTransport(resolver: resolver)).result(of: request)
    }

    /// HPACK (RFC 7541 section 6.2.2): a field that enters no table.
    private static func field(_ name: String, _ length: Int) -> [UInt8] {
        let value = [UInt8](repeating: UInt8(ascii: "x"), count: length)
        // Lengths of 7 bits and more.
        var size: [UInt8] = length < 127 ? [UInt8(length)] : [127]
        var rest = length - 127
        if rest >= 0 {
            while rest >= 128 {
                size.append(UInt8(rest & 127) | 128)
                rest >>= 7
            }
            size.append(UInt8(rest))
        }
        return [0, UInt8(name.utf8.count)] + name.utf8 + size + value
    }

    private static func fields(_ count: Int, _ length: Int) -> [UInt8] {
        var block: [UInt8] = []
        for number in 0..<count { block += field("n\(number)", length) }
        return block
    }

    /// A block of headers, in as many frames as it takes.
    private static func send(_ block: [UInt8], on connection: RawConnection) {
        var rest = block[...]
        var type: UInt8 = 1
        repeat {
            let part = Array(rest.prefix(16_000))
            rest = rest.dropFirst(16_000)
            // END_STREAM stands in the first frame, END_HEADERS in the last.
            let flags: UInt8 = (type == 1 ? 1 : 0) | (rest.isEmpty ? 4 : 0)
            connection.send(HTTP2Frame.bytes(type, flags: flags, stream: 1, part))
            type = 9
        } while !rest.isEmpty
    }

    /// libcurl goes on with headers that don't fit its buffer only when something else comes.
    @Test(arguments: [20, 24, 40, 75]) func manyHeaders(_ count: Int) async throws {
        let result = try await result { Self.send([0x88] + Self.fields(count, 800), on: $0) }
        #expect(result.status == 200 && result.headers.first?.name == "n0", "\(result.ending)")
    }

    @Test(arguments: [(300, 3), (90, 800), (140, 800)]) func tooManyHeaders(_ count: Int, _ length: Int) async throws {
        let result = try await result { Self.send([0x88] + Self.fields(count, length), on: $0) }
        #expect(result.error == .responseTooLarge && result.mayHaveBeenSent, "\(result.ending)")
    }

    @Test func informationalAnswersWithoutEnd() async throws {
        let early = HTTP2Frame.bytes(1, flags: 4, stream: 1, [0x08, 3] + "103".utf8 + Self.field("a", 1000))
        let result = try await result { while $0.send(early) {} }
        #expect(result.error == .responseTooLarge, "\(result.ending)")
    }

    /// These libcurl itself refuses, and ends the connection without saying why.
    @Test(arguments: ["128 KiB", "a long field", "frames without end", "empty frames without end", "a bomb"])
    func whatLibcurlRefuses(_ what: String) async throws {
        let result = try await result { connection in
            let begin = HTTP2Frame.bytes(1, stream: 1, [0x88] + Self.field("a", 3))
            let empty = [UInt8](repeatElement(HTTP2Frame.bytes(9, stream: 1), count: 1_000).joined())
            switch what {
            case "128 KiB": Self.send([0x88] + Self.fields(190, 800), on: connection)
            case "a long field": Self.send([0x88] + Self.field("n", 70_000), on: connection)
            case "frames without end":
                connection.send(begin)
                while connection.send(HTTP2Frame.bytes(9, stream: 1, Self.fields(15, 1000))) {}
            case "empty frames without end":
                connection.send(begin)
                while connection.send(empty) {}
            default:
                // RFC 7541 section 6.2.1: the field becomes the table's entry 62, and each byte is all of it again.
                var entry = Self.field("n", 3000)
                entry[0] = 0x40
                Self.send([0x88] + entry + [UInt8](repeating: 0x80 | 62, count: 10_000), on: connection)
            }
        }
        #expect([.disconnected, .responseTooLarge].contains(result.error), "\(result.ending)")
        #expect(result.mayHaveBeenSent && result.headers.isEmpty)
    }
}
