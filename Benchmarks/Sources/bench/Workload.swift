/// The same work for all three pieces.
struct Workload {
    var title: String
    var scheme = "http"
    var port: Int
    var path = "/ok/"
    var endpoints = 1
    var ports = 1
    var payload = 600
    /// Deliveries of one run of each piece.
    var limit = 40_000
    var peer = 25_000
    var dispatch = 20_000
    /// More for `dispatch` alone.
    var product: [String] = []
    var authorities: String?
    var isHTTP2 = false
    /// True when the sink counts: it does not speak HTTP/2.
    var isCounted = true
    /// True when half the answers are 503, to count how often the product tries again.
    var isHalfRefused = false

    var url: String { "\(scheme)://127.0.0.1:\(port)\(path)" }

    /// The options that every piece is told.
    var common: [String] {
        var arguments = ["--url", url, "--endpoints", "\(endpoints)", "--ports", "\(ports)"]
        if let authorities { arguments += ["--ca", authorities] }
        return arguments
    }
}
