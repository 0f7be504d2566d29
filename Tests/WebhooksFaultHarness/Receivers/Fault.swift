import WebhookCore
import WebhookSimulation

/// A receiver's misbehaviour instead of an answer, or besides.
enum Fault: Sendable {
    /// Accepts.
    case none(SampleResponse)
    /// A well-formed refusal with further header lines.
    case refusal(status: Int, headers: String)
    /// Ends the connection after a number of bytes of a response.
    case cut(SampleResponse, at: Int, resets: Bool)
    /// Says nothing more after a number of bytes.
    case stall(SampleResponse, at: Int)
    /// A byte at an interval in milliseconds.
    case trickle(SampleResponse, milliseconds: Int)
    /// Bytes that are no HTTP.
    case garbage([UInt8])
    /// Accepts, and sends further responses that nobody has asked for; then refuses what comes on this connection.
    case unsolicited(SampleResponse, milliseconds: Int)
    /// A refusal with the status line of an acceptance among its headers.
    case statusLineInside
    /// An acceptance with the status line of a 410 among its headers: not one that disables.
    case goneInside
    /// One part of a response without end.
    case endless(Part)
    /// Accepts, and closes a moment later without having said so.
    case hangUp(SampleResponse, milliseconds: Int)
    /// Accepts without reading the request's body, and closes.
    case early(SampleResponse)
    /// Never reads the request's body.
    case deaf
    /// Session tickets or new keys without end, over TLS: before a response, or on the idle connection after it.
    case flood(SampleResponse, withKeys: Bool, isFirst: Bool)

    /// The name by which it is left out.
    var name: String {
        switch self {
        case .none: "none"
        case .refusal: "refusal"
        case .cut: "cut"
        case .stall: "stall"
        case .trickle: "trickle"
        case .garbage: "garbage"
        case .unsolicited: "unsolicited"
        case .statusLineInside: "statusLineInside"
        case .goneInside: "goneInside"
        case .endless: "endless"
        case .early: "early"
        case .deaf: "deaf"
        case .flood: "flood"
        case .hangUp: "hangUp"
        }
    }

    enum Part: String, Sendable, CaseIterable {
        case headers, header, informational, chunkExtension, chunks, body, trailers, statusLine

        /// The first bytes, and the ones that are repeated.
        var chunks: (head: String, rest: String) {
            let ok = "HTTP/1.1 200 OK\r\n"
            return switch self {
            case .headers: (ok, "X-More: of the same\r\n")
            case .header: (ok + "X-Long: ", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
            case .informational: ("", "HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n")
            case .chunkExtension: (ok + "Transfer-Encoding: chunked\r\n\r\n5;", "extension=endless;")
            case .chunks: (ok + "Transfer-Encoding: chunked\r\n\r\n", "4\r\nmore\r\n")
            case .body: (ok + "\r\n", "a body without end ")
            case .trailers: (ok + "Transfer-Encoding: chunked\r\n\r\n0\r\n", "X-More: trailers\r\n")
            case .statusLine: ("HTTP/1.1 200 ", "reason ")
            }
        }

        /// True when status line and headers of an acceptance are whole by what comes first.
        var accepts: Bool { [.chunkExtension, .chunks, .body, .trailers].contains(self) }
    }

    /// For subscriptions whose events must all arrive: every second request is accepted, nothing is for good.
    static func survivable(_ random: inout SeededGenerator, nextCut: () -> Int) -> Fault {
        let response = random.pick(SampleResponse.all) ?? SampleResponse.all[0]
        switch random.pick(0...99) {
        case ..<45: return .none(response)
        case ..<62:
            let (response, at) = SampleResponse.cuts[nextCut() % SampleResponse.cuts.count]
            return .cut(response, at: at, resets: random.chance(50))
        case ..<68: return .refusal(status: random.pick([400, 401, 404, 429, 500, 502, 503]) ?? 500, headers: "")
        case ..<72: return .refusal(status: random.pick([301, 302, 303, 307, 308]) ?? 302, headers: redirect)
        case ..<74:
            let waits = ["0", "1", "-5", "soon", "1, 1", "Thu, 01 Jan 1970 00:00:00 GMT", "99999999999999999999x", ""]
            return .refusal(
                status: random.chance(50) ? 429 : 503,
                headers: "Retry-After: \(random.pick(waits) ?? "")\r\n"
            )
        case ..<82: return .unsolicited(response, milliseconds: random.pick([0, 0, 1, 20]) ?? 0)
        case ..<85: return .statusLineInside
        case ..<87: return .goneInside
        case ..<90: return .hangUp(response, milliseconds: random.pick(0...30))
        case ..<92: return .trickle(response, milliseconds: random.pick(1...5))
        case ..<94: return .garbage((0..<random.pick(1...300)).map { _ in UInt8(random.pick(0...255)) })
        case ..<95: return .stall(response, at: random.pick(0...response.bytes.count))
        case ..<96: return random.chance(50) ? .deaf : .early(response)
        case ..<97: return .flood(SampleResponse.all[0], withKeys: random.chance(50), isFirst: random.chance(50))
        default: return .endless(random.pick(Part.allCases) ?? .headers)
        }
    }

    /// For a subscription that may lose everything: refusals that last, and worse.
    static func hostile(_ random: inout SeededGenerator) -> Fault {
        let response = random.pick(SampleResponse.all) ?? SampleResponse.all[0]
        switch random.pick(0...9) {
        case 0: return .refusal(status: 503, headers: "Retry-After: 315360000\r\n")
        case 1: return .refusal(status: 410, headers: "")
        case 2: return .stall(response, at: 0)
        case 3, 4, 5: return .endless(random.pick(Part.allCases) ?? .headers)
        case 6: return .trickle(response, milliseconds: 100)
        case 7:
            return .refusal(status: random.pick(200...599), headers: "X: \(String(repeating: "x", count: 70_000))\r\n")
        default: return .unsolicited(response, milliseconds: 0)
        }
    }

    /// The target of redirects: a receiver that nobody may call.
    static let redirect = "Location: \(redirectPlaceholder)\r\n"
    static let redirectPlaceholder = "{trap}"
}
