internal import BenchSupport
internal import Foundation

/// `webhooks serve` on a store, as a process of its own.
final class APIServer {
    let port: Int
    private let process = Process()

    private static let token = "bench-bench-bench-bench-bench-bench-bench"
    static let headers = ["Authorization: Bearer \(token)", "Content-Type: application/json"]

    /// Starts it and waits until it is ready.
    ///
    /// - Parameter store: as the configuration has it.
    init(_ harness: Harness, store: String) {
        port = harness.port - 4
        let file = "\(harness.work)/serve.yaml"
        let key = "\(harness.work)/serve.key"
        let configuration = """
            store: \(store)
            egress: { allow: ["127.0.0.0/8"] }
            server: { listen: "127.0.0.1:\(port)", tokens: ["\(Self.token)"], encryptionKey: { file: \(key) }, maxEndpoints: 10000 }

            """
        let secret = Data(repeating: 7, count: 32).base64EncodedString()
        for (path, text) in [(file, configuration), (key, secret)] {
            let isWritten = FileManager.default.createFile(
                atPath: path,
                contents: Data(text.utf8),
                attributes: [.posixPermissions: 0o600]
            )
            guard isWritten else { fail("\(path) can't be written") }
        }
        process.executableURL = URL(fileURLWithPath: "\(harness.binaries)/webhooks")
        process.arguments = ["serve", "--config", file, "--log-level", "warning"]
        guard (try? process.run()) != nil else { fail("webhooks serve does not start") }
        while process.isRunning {
            if let connection = HTTPConnection(port: port), connection.exchange("GET", "/readyz").status == 200 {
                return
            }
            usleep(1000)
        }
        fail("webhooks serve has ended")
    }

    /// A new connection to it.
    func connect() -> APIConnection { APIConnection(port: port) }

    var residentMegabytes: Double { Usage.residentMegabytes(of: "\(process.processIdentifier)").now }

    /// Lets it drain, and waits until it has.
    func stop() {
        process.terminate()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { fail("webhooks serve did not end well") }
    }
}

/// A client of the API.
struct APIConnection {
    private let connection: HTTPConnection

    init(port: Int) {
        guard let connection = HTTPConnection(port: port) else { fail("webhooks serve takes no connection") }
        self.connection = connection
    }

    /// Sends a request that has to succeed.
    @discardableResult
    func call(_ method: String, _ path: String, _ body: String = "") -> Data {
        let answer = connection.exchange(method, "/api/v1\(path)", headers: APIServer.headers, body: body)
        guard answer.status / 100 == 2 else {
            fail("\(method) \(path): \(answer.status) \(String(decoding: answer.body, as: UTF8.self))")
        }
        return answer.body
    }

    /// The same, with the milliseconds that it took.
    func time(_ method: String, _ path: String, _ body: String = "") -> (milliseconds: Double, answer: Data) {
        let start = Instant.now
        let answer = call(method, path, body)
        return (Instant.now.seconds(since: start) * 1000, answer)
    }
}
