internal import WebhookCore

/// The answers to the requests that the server knows.
struct MonitoringEndpoints: Sendable {
    struct Response: Equatable {
        var status: Int
        var type = "text/plain; charset=utf-8"
        var body: String
        var allow: String?

        var headers: [HTTPHeader] {
            var headers = [
                HTTPHeader("Content-Type", type), HTTPHeader("Cache-Control", "no-store"),
                HTTPHeader("X-Content-Type-Options", "nosniff"),
            ]
            if let allow { headers.append(HTTPHeader("Allow", allow)) }
            return headers
        }
    }

    var address: ListenAddress
    var metrics: @Sendable () -> String
    var readiness: @Sendable () -> NotReady?

    /// - Parameter hosts: the values of all `Host` fields.
    func response(method: String, target: String, hosts: [String]) -> Response {
        guard hosts.count == 1 else { return Response(status: 400, body: "one Host field is needed\n") }
        guard HostField.isAllowed(hosts[0], for: address) else {
            return Response(status: 421, body: "ask by address: this server answers to no name but localhost\n")
        }
        let path = target.prefix { $0 != "?" }
        guard ["/healthz", "/readyz", "/metrics"].contains(path) else {
            return Response(status: 404, body: "there are /healthz, /readyz and /metrics\n")
        }
        guard method == "GET" || method == "HEAD" else {
            return Response(status: 405, body: "GET and HEAD only\n", allow: "GET, HEAD")
        }
        switch path {
        case "/metrics": return Response(status: 200, type: PrometheusRegistry.contentType, body: metrics())
        case "/readyz":
            guard let notReady = readiness() else {
                return Response(status: 200, type: "application/json", body: "{\"ready\":true}\n")
            }
            let members = "\"reason\":\(JSON.string(notReady.reason)),\"message\":\(JSON.string(notReady.message))"
            return Response(status: 503, type: "application/json", body: "{\"ready\":false,\(members)}\n")
        default: return Response(status: 200, body: "ok\n")
        }
    }
}
