import CWebhooksCurl
import Foundation
import Testing
import WebhookCore
import WebhookRegistry

/// A URL that is accepted means to libcurl, and its host to the system's resolver, exactly what it means to us: so that
/// nothing else is vetted than what is connected to.
@Suite struct URLFuzzTests {
    @Test func anyURL() async throws {
        let fuzzer = Fuzzer(
            name: "url",
            corpus: try Corpus.lines("urls.txt"),
            dictionary: [
                "http://", "https://", "//", "/", "\\", "@", ":", "?", "#", "%", "%00", "%2e", "%40", "[", "]", "::",
                ".", "..",
                "127.0.0.1", "127.1", "0x7f", "0177", "2130706433", "::1", "::ffff:", "%25lo", "localhost", ":0", ":80",
                ":65536", "xn--", "。", "１", "ß", "\u{200B}", "e", "0x", "0", "file:", "user:pass@", ";", "\t", " ",
            ],
            maxLength: 512,
            rounds: 40_000
        )
        await fuzzer.run { input throws(Finding) in try Self.check(input) }
    }

    private static func check(_ bytes: [UInt8]) throws(Finding) -> String {
        let text = String(decoding: bytes, as: UTF8.self)
        try checkRule(text)
        let url: EndpointURL
        switch EndpointURLParser.parse(text) {
        case .failure(let error): return error.description
        case .success(let accepted): url = accepted
        }
        try compare(url, with: CurlURL(url.reveal()), "as it goes to libcurl")
        try compare(url, with: CurlURL(text), "as it stands in the file")
        let found = numericAddress(url.host)
        let literal = IPAddress(literalHost: url.host)
        try Finding.expect(
            found == literal,
            "we take \(url.host) for \(String(describing: literal)), the system for \(String(describing: found))"
        )
        if let literal {
            try Finding.expect(
                EgressPolicy().permits(literal, port: url.port, host: url.host) == literal.isPublic,
                "the policy judges another address"
            )
            return "an address, public: \(literal.isPublic), bits: \(literal.bitWidth)"
        }
        return "a name, port: \(!url.hasDefaultPort), query: \(url.target.contains("?"))"
    }

    private static func compare(_ url: EndpointURL, with other: CurlURL?, _ what: String) throws(Finding) {
        guard let other else { throw Finding("libcurl refuses \(what)") }
        try Finding.expect(other.scheme == url.scheme.rawValue, "another scheme \(what): \(other)")
        try Finding.expect(other.user == nil && other.password == nil, "a user \(what): \(other)")
        try Finding.expect(other.fragment == nil && other.zone == nil, "a fragment or zone \(what): \(other)")
        try Finding.expect(UInt16(other.port) == url.port, "another port \(what): \(other)")
        let bare = other.host.hasPrefix("[") ? String(other.host.dropFirst().dropLast()) : other.host
        let ours = IPAddress(literalHost: url.host)
        try Finding.expect(
            ours != nil ? IPAddress(literalHost: bare) == ours : bare.lowercased() == url.host,
            "another host \(what): \(other)"
        )
        try Finding.expect(other.target == url.target, "another target \(what): \(other) for \(url.target)")
    }

    /// Entries of `egress.allow`: whatever is read prints as something that reads the same.
    private static func checkRule(_ text: String) throws(Finding) {
        if case .network(let network, _)? = (try? EgressRule(text))?.target {
            try Finding.expect(Network(network.description) == network, "\(network) reads as another network")
        }
    }

    /// The address that the system's resolver takes a text for, without asking anybody.
    private static func numericAddress(_ host: String) -> IPAddress? {
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0, let list else { return nil }
        defer { freeaddrinfo(list) }
        var name = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        getnameinfo(list.pointee.ai_addr, list.pointee.ai_addrlen, &name, socklen_t(name.count), nil, 0, NI_NUMERICHOST)
        return IPAddress(String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }
}

/// A URL as libcurl takes it apart for a transfer.
private struct CurlURL: CustomStringConvertible {
    var scheme = ""
    var host = ""
    var port = ""
    var target = ""
    var user: String?
    var password: String?
    var fragment: String?
    var zone: String?

    init?(_ text: String) {
        guard let handle = curl_url() else { return nil }
        defer { curl_url_cleanup(handle) }
        // What a transfer with our options uses; PATH_AS_IS there, too.
        let flags = UInt32(CURLU_PATH_AS_IS) | UInt32(CURLU_DISALLOW_USER)
        guard curl_url_set(handle, CURLUPART_URL, text, flags) == CURLUE_OK else { return nil }
        func part(_ part: CURLUPart, _ flags: UInt32 = 0) -> String? {
            var value: UnsafeMutablePointer<CChar>?
            guard curl_url_get(handle, part, &value, flags) == CURLUE_OK, let value else { return nil }
            defer { curl_free(value) }
            return String(cString: value)
        }
        guard let scheme = part(CURLUPART_SCHEME), let host = part(CURLUPART_HOST),
            let port = part(CURLUPART_PORT, UInt32(CURLU_DEFAULT_PORT)), let path = part(CURLUPART_PATH)
        else { return nil }
        self.scheme = scheme
        self.host = host
        self.port = port
        target = path + (part(CURLUPART_QUERY).map { "?" + $0 } ?? "")
        user = part(CURLUPART_USER)
        password = part(CURLUPART_PASSWORD)
        fragment = part(CURLUPART_FRAGMENT)
        zone = part(CURLUPART_ZONEID)
    }

    var description: String { "\(scheme) \(host) \(port) \(target)" }
}
