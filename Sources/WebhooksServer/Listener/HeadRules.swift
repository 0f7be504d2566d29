#if Server
    internal import NIOHTTP1

    /// The rules of RFC 9112 for a request's head that the parser leaves to others: two programs that read it differently must
    /// not see two requests in it.
    enum HeadRules {
        /// Says what is wrong with a head; `nil`: nothing.
        static func problem(_ head: HTTPRequestHead) -> String? {
            guard head.version == .http1_1 || head.version == .http1_0 else {
                return "The request is of a version of HTTP other than 1.1 and 1.0."
            }
            return hostProblem(head) ?? lengthProblem(head) ?? targetProblem(head) ?? repetition(head)
        }

        /// Says why a head could not be read.
        static func problem(_ error: HTTPParserError?) -> String {
            switch error {
            case .headerOverflow?: "The head of the request is larger than this server takes."
            case .invalidMethod?: "The request's method is none of HTTP that this server knows."
            default: "The request is not of HTTP/1.1."
            }
        }

        /// Fields that say who asks, and whether it was asked before: RFC 9110, 5.3 lets neither stand twice.
        private static func repetition(_ head: HTTPRequestHead) -> String? {
            for name in ["Authorization", "Idempotency-Key"] where head.headers[name].count > 1 {
                return "The request has more than one \(name)."
            }
            return nil
        }

        /// RFC 9112, 3.2.
        private static func hostProblem(_ head: HTTPRequestHead) -> String? {
            let hosts = head.headers["host"]
            if hosts.count > 1 { return "The request has more than one Host." }
            guard let host = hosts.first else {
                return head.version == .http1_0 ? nil : "The request has no Host."
            }
            return isHost(host) ? nil : "The request's Host is none."
        }

        /// A name or an address, and a port. It may be empty.
        private static func isHost(_ host: String) -> Bool {
            host.utf8.count <= 300
                && host.utf8.allSatisfy { byte in
                    let lower = byte | 0x20
                    return lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "z")
                        || byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
                        || "-._~%!$&'()*+;=:[]".utf8.contains(byte)
                }
        }

        /// RFC 9112, 6.1 to 6.3.
        private static func lengthProblem(_ head: HTTPRequestHead) -> String? {
            let (lengths, codings) = (head.headers["content-length"], head.headers["transfer-encoding"])
            if !codings.isEmpty {
                if !lengths.isEmpty { return "The request has both Content-Length and Transfer-Encoding." }
                guard head.version == .http1_1, codings.count == 1, codings[0].lowercased() == "chunked" else {
                    return "The request has a Transfer-Encoding other than chunked."
                }
            }
            guard let length = lengths.first else { return nil }
            let isNumber = (1...18).contains(length.utf8.count) && length.utf8.allSatisfy { (0x30...0x39).contains($0) }
            return lengths.count == 1 && isNumber ? nil : "The request's Content-Length is none."
        }

        /// RFC 9112, 3.2: a path, the whole URL, or `*`; a fragment is the client's own.
        private static func targetProblem(_ head: HTTPRequestHead) -> String? {
            if head.uri.utf8.contains(UInt8(ascii: "#")) { return "The request's target has a fragment." }
            let isPath = head.uri.utf8.first == UInt8(ascii: "/")
            return isPath || head.uri == "*" || path(head.uri) != nil ? nil : "The request's target is no path."
        }

        /// The path and query of a target that is a whole URL, as proxies send it; `nil`: it is none.
        static func path(_ target: String) -> String? {
            let scheme = target.prefix(8).lowercased()
            guard let length = ["http://", "https://"].first(where: { scheme.hasPrefix($0) })?.count else { return nil }
            let rest = target.dropFirst(length)
            guard let start = rest.firstIndex(where: { "/?".contains($0) }) else { return rest.isEmpty ? nil : "/" }
            return start == rest.startIndex ? nil : (rest[start] == "?" ? "/" : "") + rest[start...]
        }
    }
#endif
