internal import WebhookCore

/// Reads `egress.proxy`: `http://host:port` or `https://host:port`, with `user:password@` before the host or without.
enum ProxyURLParser {
    static func parse(_ text: String) throws(URLProblem) -> EgressProxy {
        let parts = try URLParts(text)
        guard parts.target == "/" else { throw URLProblem(description: "must end after the port") }
        let authority = try URLAuthority(parts.host)
        guard let port = authority.port else {
            throw URLProblem(description: "needs the proxy's port: http://proxy.internal:3128")
        }
        var proxy = EgressProxy(host: authority.host, port: port, isTLS: parts.scheme == .https)
        if let userinfo = parts.userinfo {
            let pieces = userinfo.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            proxy.username = try decode(pieces[0])
            proxy.password = pieces.count == 2 ? Secret(try decode(pieces[1])) : nil
        }
        return proxy
    }

    private static func decode(_ text: Substring) throws(URLProblem) -> String {
        var output: [UInt8] = []
        var bytes = text.utf8
        while let byte = bytes.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                output.append(byte)
                continue
            }
            let digits = bytes.prefix(2)
            guard digits.count == 2, digits.allSatisfy(URLParts.isHex), let value = UInt8(Substring(digits), radix: 16)
            else { throw .percent }
            output.append(value)
            bytes.removeFirst(2)
        }
        guard let decoded = String(validating: output, as: UTF8.self), HeaderRules.isValue(decoded) else {
            throw URLProblem(description: "has a user name or password with control characters")
        }
        return decoded
    }
}
