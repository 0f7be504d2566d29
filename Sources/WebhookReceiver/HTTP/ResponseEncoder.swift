internal import WebhookCore

/// Writes answers as HTTP/1.1.
enum ResponseEncoder {
    /// Appends status line, fields and body.
    static func append(
        status: Int,
        headers: [HTTPHeader],
        body: ByteString,
        closes: Bool,
        toHEAD: Bool,
        to output: inout [UInt8]
    ) {
        let hasBody = status >= 200 && status != 204 && status != 304
        output.append(contentsOf: "HTTP/1.1 \(status) \(reason(status))\r\n".utf8)
        var isFramed = false
        for header in headers {
            let name = header.name.lowercased()
            isFramed = isFramed || name == "content-length" || name == "transfer-encoding"
            output.append(contentsOf: "\(header.name): \(header.value)\r\n".utf8)
        }
        if hasBody, !isFramed { output.append(contentsOf: "Content-Length: \(body.count)\r\n".utf8) }
        if closes { output.append(contentsOf: "Connection: close\r\n".utf8) }
        output.append(contentsOf: "\r\n".utf8)
        if hasBody, !toHEAD { body.withUnsafeBytes { output.append(contentsOf: $0) } }
    }

    private static func reason(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 301: "Moved Permanently"
        case 302: "Found"
        case 304: "Not Modified"
        case 307: "Temporary Redirect"
        case 308: "Permanent Redirect"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 410: "Gone"
        case 413: "Content Too Large"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: "Status"
        }
    }
}
