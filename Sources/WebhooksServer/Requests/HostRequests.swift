#if Server
    internal import HTTPTypes
    internal import Hummingbird
    internal import HummingbirdCore
    internal import NIOCore
    internal import WebhookCore

    extension APIRequest {
        /// The head of a request to a host's application.
        init(_ request: Request) {
            let head = request.head
            self.init(
                method: head.method.rawValue,
                target: head.path ?? "",
                headers: head.headerFields.map { ($0.name.canonicalName, $0.value) }
            )
            if let host = head.authority { headers.append(("host", host)) }
        }
    }

    extension Response {
        /// An answer, as a host's application passes it on.
        init(_ answer: APIResponse) {
            var headers = HTTPFields()
            for (name, value) in answer.headers {
                if let name = HTTPField.Name(name) { headers.append(HTTPField(name: name, value: value)) }
            }
            let body: ResponseBody
            switch answer.body {
            case .none: body = ResponseBody()
            case .absent(let length):
                headers[.contentType] = answer.type
                headers[.contentLength] = length.map { String($0) }
                body = ResponseBody()
            case .bytes(let bytes):
                headers[.contentType] = answer.type
                body = ResponseBody(byteBuffer: bytes.withUnsafeBytes { ByteBuffer(bytes: $0) })
            case .stream(let next):
                headers[.contentType] = answer.type
                body = ResponseBody { writer in
                    while let bytes = try await next() { try await writer.write(ByteBuffer(bytes: bytes)) }
                    try await writer.finish(nil)
                }
            }
            headers[.cacheControl] = "no-store"
            if let name = HTTPField.Name("X-Content-Type-Options") { headers[name] = "nosniff" }
            self.init(status: .init(code: answer.status), headers: headers, body: body)
        }
    }
#endif
