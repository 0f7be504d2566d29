/// A PostgreSQL URL, taken apart as libpq does (PostgreSQL manual, "Connection URIs"): for a check before it is used,
/// and to be shown without what may be a secret.
package struct PostgresURL: Sendable, Hashable {
    /// True when it holds a password, before the host or as a parameter.
    package private(set) var hasPassword = false
    /// The URL for people: user, hosts and database.
    package let shown: String

    /// Shown in place of a URL that is none.
    package static let hidden = "postgres://***"

    /// The reason why a text is no such URL, to go on "`store` …". None quotes it.
    package struct Problem: Error, Sendable, Hashable, CustomStringConvertible {
        package let description: String
    }

    /// Tells whether a text begins as such a URL does.
    package static func isOne(_ text: String) -> Bool { tail(of: text) != nil }

    /// - Throws: what libpq would refuse, or would read as something that nobody has meant.
    package init(_ text: String) throws(Problem) {
        guard var rest = Self.tail(of: text) else {
            throw Self.problem("must be a URL such as postgres://user@host/db")
        }
        guard text.utf8.count <= Self.mostBytes else { throw Self.problem("is longer than \(Self.mostBytes) bytes") }
        var parts: [Substring] = []
        // An @ behind the first slash is no user's.
        if let at = rest.firstIndex(where: { $0 == "@" || $0 == "/" }), rest[at] == "@" {
            let user = rest[..<at].prefix { $0 != ":" }
            try Self.check([user, rest[..<at].dropFirst(user.count + 1)])
            hasPassword = user.endIndex < at
            parts += [user, "@"]
            rest = rest[rest.index(after: at)...]
        }
        let hosts = rest.prefix { $0 != "/" && $0 != "?" }
        for host in hosts.split(separator: ",", omittingEmptySubsequences: false) { try Self.checkHost(host) }
        rest = rest[hosts.endIndex...]
        let database = rest.prefix { $0 != "?" }
        try Self.check([database.dropFirst()])
        guard !database.dropFirst().contains("/") else { throw Self.misplaced }
        parts += [hosts, database]
        for parameter in rest[database.endIndex...].dropFirst().split(separator: "&") {
            let value = try Self.value(of: parameter)
            if Self.passwords.contains(value.name) { hasPassword = true }
            guard Self.plain.contains(value.name) else { continue }
            parts += [parts.contains("?") ? "&" : "?", parameter]
        }
        shown = "postgres://" + parts.joined()
    }

    /// The longest URL.
    private static let mostBytes = 8_000
    /// The parameters that hold a secret.
    private static let passwords: Set<String> = ["password", "sslpassword", "scram_client_key", "oauth_client_secret"]
    /// The parameters that say where the database is, and are shown.
    private static let plain: Set<String> = ["host", "hostaddr", "port", "user", "dbname", "service", "sslmode"]
    /// All others (PostgreSQL 18).
    private static let others: Set<String> = [
        "application_name", "channel_binding", "client_encoding", "connect_timeout", "fallback_application_name",
        "gssdelegation", "gssencmode", "gsslib", "keepalives", "keepalives_count", "keepalives_idle",
        "keepalives_interval", "krbsrvname", "load_balance_hosts", "max_protocol_version", "min_protocol_version",
        "oauth_client_id", "oauth_issuer", "oauth_scope", "options", "passfile", "replication", "require_auth",
        "requirepeer", "requiressl", "scram_server_key", "servicefile", "ssl", "ssl_max_protocol_version",
        "ssl_min_protocol_version", "sslcert", "sslcertmode", "sslcompression", "sslcrl", "sslcrldir", "sslkey",
        "sslkeylogfile", "sslnegotiation", "sslrootcert", "sslsni", "target_session_attrs", "tcp_user_timeout",
    ]

    private static func tail(of text: String) -> Substring? {
        for scheme in ["postgres://", "postgresql://"] where text.hasPrefix(scheme) {
            return text.dropFirst(scheme.count)
        }
        return nil
    }

    private static func problem(_ description: String) -> Problem { Problem(description: description) }

    /// A password that isn't percent-encoded ends too early, and its rest would be taken for a host or a database.
    private static let misplaced = problem(
        "is no URL that libpq would read as it is meant: write @ : / ? # and % within a name or password as %40, %3A, %2F, %3F, %23 and %25"
    )

    /// The parameters by which other programs name a schema.
    private static let schemas: Set<String> = ["schema", "search_path", "searchpath", "currentschema"]

    private static let schemaBeside = problem(
        "can't name a schema: that stands beside it, as `store: { url: …, schema: NAME }` in the configuration"
    )

    private static func check(_ texts: [Substring]) throws(Problem) {
        for text in texts {
            guard !text.contains("@") else { throw misplaced }
            _ = try decoded(text)
        }
    }

    /// A host, or nothing, with its port.
    private static func checkHost(_ text: Substring) throws(Problem) {
        var rest = text
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]"), text.index(after: text.startIndex) < end else {
                throw problem("must have an IPv6 address in brackets, such as postgres://[2001:db8::1]:5432/db")
            }
            rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { throw misplaced }
        } else {
            rest = text.drop { $0 != ":" }
        }
        try check([text[..<rest.startIndex]])
        let port = rest.dropFirst()
        let isNumber = port.utf8.allSatisfy { (0x30...0x39).contains($0) }
        guard port.isEmpty || (isNumber && UInt16(port) ?? 0 > 0) else {
            throw problem("has a port that is not a number from 1 to 65535; write : in a password as %3A")
        }
    }

    /// A parameter of the URL, decoded.
    private static func value(of parameter: Substring) throws(Problem) -> (name: String, value: String) {
        let key = parameter.prefix { $0 != "=" }
        let value = parameter[key.endIndex...].dropFirst()
        guard key.endIndex < parameter.endIndex, !value.contains("=") else {
            throw problem("has a parameter that is not name=value; write = in a value as %3D")
        }
        let name = try decoded(key)
        guard plain.contains(name) || passwords.contains(name) || others.contains(name) else {
            guard !schemas.contains(name.lowercased()) else { throw schemaBeside }
            let near = Suggestion.nearest(to: name, in: plain.union(others).union(passwords).sorted())
            throw problem(
                "has a parameter behind the ? that libpq doesn't know" + (near.map { "; did you mean `\($0)`?" } ?? "")
            )
        }
        return (name, try decoded(value))
    }

    /// Takes percent-encoding away.
    private static func decoded(_ text: Substring) throws(Problem) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            else { throw problem("holds a % without two hexadecimal digits; write it as %25") }
            guard value != 0 else { throw problem("holds a null byte") }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
