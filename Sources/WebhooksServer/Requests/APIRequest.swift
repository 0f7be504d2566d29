package import WebhookCore

/// A request to the API, whoever has read it from the wire.
package struct APIRequest: Sendable {
    package var method: String
    /// The path and the query, as they were sent.
    package let target: String
    /// Its path; `nil` where it is none.
    let path: APIPath?
    /// The header fields, names in lower case.
    package var headers: [(name: String, value: String)]
    package var body: ByteString

    package init(
        method: String,
        target: String,
        headers: [(name: String, value: String)] = [],
        body: ByteString = .empty
    ) {
        self.method = method
        self.target = target
        path = APIPath(target)
        self.headers = headers
        self.body = body
    }

    /// Tells whether it may change something.
    var isChange: Bool { method != "GET" && method != "HEAD" }

    /// The method of the operation that is asked for.
    var route: String { method == "HEAD" ? "GET" : method }

    /// The first field of a name, which is given in lower case.
    package func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}

/// The path of a request, without what clients add to it: slashes at its end, and doubled ones at its beginning.
struct APIPath: Sendable, Hashable {
    /// Percent-decoded, once.
    var segments: [String]
    /// As it was sent, to be named in an answer.
    var text: String

    /// `nil` where a segment is empty, or can't be decoded, or holds a slash or NUL then.
    init?(_ target: String) {
        text = String(target.prefix { $0 != "?" && $0 != "#" })
        guard text.utf8.first == UInt8(ascii: "/") else { return nil }
        var rest = Substring(text)
        while rest.hasPrefix("/") { rest.removeFirst() }
        while rest.hasSuffix("/") { rest.removeLast() }
        segments = []
        for part in rest.split(separator: "/", omittingEmptySubsequences: false) {
            guard !part.isEmpty, let bytes = PercentEncoding.decode(part),
                let segment = String(validating: bytes, as: UTF8.self),
                !bytes.contains(0), !bytes.contains(UInt8(ascii: "/"))
            else {
                if rest.isEmpty { break }
                return nil
            }
            segments.append(segment)
        }
    }
}
