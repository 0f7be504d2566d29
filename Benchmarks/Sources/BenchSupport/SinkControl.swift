internal import Foundation

/// Asks the sink what it has counted.
public struct SinkControl: Sendable {
    private let port: Int

    public init(port: Int) {
        self.port = port
    }

    /// The sink's counts since the last reset.
    public struct Counts: Codable, Sendable {
        public var requests: Int
        public var bodyBytes: Int
        /// Answered with 503.
        public var failed: Int
        /// Never answered.
        public var silent: Int
        public var connections: Int
        public var latencies: Int
        public var p50us: Int
        public var p90us: Int
        public var p99us: Int
        public var maxus: Int
    }

    public func counts() -> Counts {
        guard let counts = try? JSONDecoder().decode(Counts.self, from: get("/stats")) else {
            fail("the sink gave no counts")
        }
        return counts
    }

    public func reset() { _ = get("/reset") }

    private func get(_ path: String) -> Data {
        guard let connection = HTTPConnection(port: port) else { fail("no sink listens on port \(port)") }
        return connection.exchange("GET", path).body
    }
}
