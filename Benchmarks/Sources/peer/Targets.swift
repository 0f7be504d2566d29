internal import BenchSupport

/// The URLs of the endpoints: the given one followed by the endpoint's number, spread over ports.
struct Targets: Sendable {
    let urls: [String]

    init(url: String, endpoints: Int, ports: Int) {
        let parts = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        let authority = parts.count == 4 ? parts[2].split(separator: ":") : []
        guard authority.count == 2, let port = Int(authority[1]) else { fail("--url needs a port and a path") }
        urls = (0..<endpoints).map { "\(parts[0])//\(authority[0]):\(port + $0 % ports)/\(parts[3])\($0)" }
    }
}
