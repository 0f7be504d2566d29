/// A response that accepts a request, as receivers write it.
struct SampleResponse: Sendable {
    let bytes: [UInt8]
    /// Up to where status line and headers go: what follows can't take the acceptance back.
    let headEnd: Int
    let keepsAlive: Bool

    private init(_ head: String, body: String = "", keepsAlive: Bool = true) {
        bytes = Array((head + body).utf8)
        headEnd = head.utf8.count
        self.keepsAlive = keepsAlive
    }

    static let all: [SampleResponse] = [
        SampleResponse("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", body: "ok"),
        SampleResponse("HTTP/1.1 204 No Content\r\n\r\n"),
        SampleResponse("HTTP/1.1 201 \r\nTransfer-Encoding: chunked\r\n\r\n", body: "2\r\nok\r\n0\r\n\r\n"),
        SampleResponse(
            "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
        ),
        SampleResponse("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", body: "until the end", keepsAlive: false),
        SampleResponse("HTTP/1.0 200 OK\r\n\r\n", body: "old", keepsAlive: false),
        SampleResponse(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n",
            body: "1;a=b\r\nx\r\n0\r\nX-T: 1\r\n\r\n"
        ),
    ]

    /// Each place at which one of them can be cut off: before any byte up to after the last.
    static let cuts: [(response: SampleResponse, at: Int)] = all.flatMap { response in
        (0...response.bytes.count).map { (response, $0) }
    }
}
