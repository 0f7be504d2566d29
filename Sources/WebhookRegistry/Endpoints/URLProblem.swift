/// Why a text is not a URL that may be used, to go on "`url` …". None quotes the URL.
struct URLProblem: Error, Sendable, Hashable, CustomStringConvertible {
    let description: String

    static let syntax = URLProblem(description: "must be a URL such as https://crm.example.com/hooks")
    static let scheme = URLProblem(description: "must begin with https:// or http://")
    static let whiteSpace = URLProblem(description: "holds a space, a tab, a line break or another control character")
    static let backslash = URLProblem(description: "holds a backslash; write /")
    static let userinfo = URLProblem(
        description: "holds a user name or password before the host; use `basicAuth`, and write @ elsewhere as %40"
    )
    static let fragment = URLProblem(description: "holds a fragment (#…), which is never sent; write # as %23")
    static let noHost = URLProblem(description: "has no host")
    static let host = URLProblem(description: "has a host that is neither a DNS name nor an address")
    static let encodedHost = URLProblem(description: "has a percent-encoded host; write it plainly")
    static let foreignHost = URLProblem(
        description: "has a host with characters outside ASCII; write it in its xn--… form (punycode)"
    )
    static let foreignTarget = URLProblem(description: "holds characters outside ASCII; percent-encode them as UTF-8")
    static let trailingDot = URLProblem(description: "has a host that ends with a dot; leave the dot out")
    static let badAddress = URLProblem(description: "has a host that looks like an address and is none")
    static let zone = URLProblem(description: "has an IPv6 address with a zone (%…), which means nothing elsewhere")
    static let brackets = URLProblem(description: "must have an IPv6 address in brackets: https://[2001:db8::1]:8443/")
    static let port = URLProblem(description: "has a port that is not a number from 1 to 65535")
    static let characters = URLProblem(
        description: "holds a character that a URL cannot (RFC 3986); percent-encode it after the host"
    )
    static let percent = URLProblem(description: "holds a % without two hexadecimal digits; write it as %25")
    static let tooLong = URLProblem(description: "is longer than 8000 bytes")
}
