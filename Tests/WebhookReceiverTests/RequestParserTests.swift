import Testing
import WebhookCore

@testable import WebhookReceiver

@Suite struct RequestParserTests {
    private struct Parsed: Equatable {
        var method: String
        var target: String
        var headers: [HTTPHeader]
        var body: [UInt8]
        var keepsAlive: Bool
    }

    private enum Outcome: Equatable {
        case requests([Parsed])
        case refused(Int)
    }

    /// Feeds the input in steps of a number of bytes, as a slow sender would.
    private func parse(_ input: String, step: Int) -> Outcome {
        let input = Array(input.utf8)
        var parser = RequestParser(maxHeadSize: 200, maxBodySize: 50)
        var buffer: [UInt8] = []
        var requests: [Parsed] = []
        for start in stride(from: 0, to: input.count, by: step) {
            buffer += input[start..<min(start + step, input.count)]
            parsing: while !buffer.isEmpty {
                let (parsed, length, status) = buffer.withUnsafeBytes { bytes -> (Parsed?, Int, Int) in
                    switch parser.parse(bytes) {
                    case .incomplete, .wantsContinue: return (nil, 0, 0)
                    case .refused(let status): return (nil, 0, status)
                    case .request(let head, let body, let length):
                        let content: [UInt8] =
                            switch body {
                            case .range(let range): Array(bytes[range])
                            case .decoded(let decoded): decoded
                            }
                        let parsed = Parsed(
                            method: String(decoding: bytes[head.method], as: UTF8.self),
                            target: String(decoding: bytes[head.target], as: UTF8.self),
                            headers: head.headers(bytes),
                            body: content,
                            keepsAlive: head.keepsAlive
                        )
                        return (parsed, length, 0)
                    }
                }
                if status != 0 { return .refused(status) }
                guard let parsed else { break parsing }
                requests.append(parsed)
                buffer.removeFirst(length)
            }
        }
        return .requests(requests)
    }

    @Test(arguments: [1, 2, 3, 5, 7, 1000])
    func readsTheSameInAnySteps(step: Int) {
        let input =
            "\r\nPOST /a HTTP/1.1\r\nA:b\r\nContent-Length: 3\r\n\r\nabc"
            + "PUT /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0b ; e=\"f\"\r\nhello\r\nworl\r\n0\r\nT: u\r\n\r\n"
            + "\r\n\r\nGET http://h/c HTTP/1.0\r\nEmpty:\r\n\r\n"
        #expect(
            parse(input, step: step)
                == .requests([
                    Parsed(
                        method: "POST",
                        target: "/a",
                        headers: [HTTPHeader("A", "b"), HTTPHeader("Content-Length", "3")],
                        body: Array("abc".utf8),
                        keepsAlive: true
                    ),
                    Parsed(
                        method: "PUT",
                        target: "/b",
                        headers: [HTTPHeader("Transfer-Encoding", "chunked")],
                        body: Array("xhello\r\nworl".utf8),
                        keepsAlive: true
                    ),
                    Parsed(
                        method: "GET",
                        target: "http://h/c",
                        headers: [HTTPHeader("Empty", "")],
                        body: [],
                        keepsAlive: false
                    ),
                ])
        )
    }

    @Test(arguments: [
        ("GET /\r\n\r\n", 400), ("GET  / HTTP/1.1\r\n\r\n", 400), (" GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1 \r\n\r\n", 400),
        ("GET / http/1.1\r\n\r\n", 400), ("GET / HTTP/1.2\r\n\r\n", 505), ("G(T / HTTP/1.1\r\n\r\n", 400),
        ("GET /\u{1} HTTP/1.1\r\n\r\n", 400), ("GET /a b HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nA : b\r\n\r\n", 400), ("GET / HTTP/1.1\r\n: b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nA\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", 400), ("GET / HTTP/1.1\r\nA: b\u{1}\r\n\r\n", 400),
        ("GET / HTTP/1.1\nA: b\r\n\r\n", 400), ("GET / HTTP/1.1\r\nA: b\rc\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400), ("GET / HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nContent-Length:\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nContent-Length: 9999999999999999\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 501),
        ("GET / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
        ("GET / HTTP/1.1\r\nContent-Length: 51\r\n\r\n", 413),
        ("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n33\r\n", 413),
        ("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\n", 413),
        ("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", 400),
        ("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\ng\r\n", 400),
        ("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\nx\r\n", 400),
        ("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n", 400),
    ])
    func refuses(input: String, status: Int) {
        for step in [1, 1000] { #expect(parse(input, step: step) == .refused(status)) }
    }

    @Test func boundsTheHead() {
        #expect(parse("GET / HTTP/1.1\r\nA: " + String(repeating: "b", count: 200), step: 50) == .refused(431))
        #expect(
            parse("GET / HTTP/1.1\r\nA: " + String(repeating: "b", count: 200) + "\r\n\r\n", step: 1000)
                == .refused(431)
        )
    }

    @Test func timersComeInOrder() {
        var heap = TimerHeap()
        var state: UInt64 = 1
        for number in 0..<1000 as Range<UInt32> {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            heap.add(TimerHeap.Entry(deadline: state >> 50, descriptor: 0, number: number, token: 0))
        }
        #expect(heap.earliest.map { heap.popDue(at: $0 - 1) == nil } ?? false)
        var last: UInt64 = 0
        var count = 0
        while let entry = heap.popDue(at: .max) {
            #expect(entry.deadline >= last)
            last = entry.deadline
            count += 1
        }
        #expect(count == 1000)
        #expect(heap.earliest == nil)
    }
}
