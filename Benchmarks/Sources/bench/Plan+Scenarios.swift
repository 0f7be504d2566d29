internal import BenchSupport
internal import Foundation

/// Everything beyond the targets.
extension Plan {
    func compareScenarios() {
        for workload in scenarios {
            let comparison = Comparison(workload, harness)
            comparison.add(to: &rates)
            warn("\(workload.title): \(comparison.rate.text(0))/s, ÷ limit \(comparison.toLimit.text(2))")
        }
        compareHTTP2()
        measureFanOut()
    }

    private var scenarios: [Workload] {
        var ports = workload("1,000 endpoints, a port each")
        ports.endpoints = Harness.ports
        ports.ports = Harness.ports
        var xml = workload("XML")
        xml.product = ["--content", "xml"]
        var mustache = workload("Mustache body")
        mustache.product = ["--content", "mustache"]
        var secure = workload("HTTPS, keep-alive")
        secure.scheme = "https"
        secure.port = harness.tlsPort
        secure.authorities = harness.certificate
        var middling = workload("10 KB")
        middling.payload = 10_000
        middling.dispatch = 10_000
        var large = workload("1 MB")
        large.payload = 1_000_000
        (large.limit, large.peer, large.dispatch) = (2000, 1000, 400)
        var refused = workload("half the answers are 503")
        refused.path = "/half/"
        refused.isHalfRefused = true
        refused.dispatch = 10_000
        refused.product = ["--retry-after-ms", "50"]
        return [ports, xml, mustache, secure, middling, large, refused]
    }

    /// nghttp2's own server takes the sink's place, and its count is not to be had: status 200 on record has to do.
    private func compareHTTP2() {
        let folder = "\(harness.work)/documents/ok"
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        FileManager.default.createFile(atPath: "\(folder)/0", contents: Data("ok".utf8))
        let server = Process()
        server.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        server.arguments = [
            "PATH=/usr/sbin:/usr/bin:/bin", "nghttpd", "--address=127.0.0.1", "--htdocs=\(harness.work)/documents",
            "\(harness.http2Port)", harness.key, harness.certificate,
        ]
        server.standardOutput = FileHandle.nullDevice
        server.standardError = FileHandle.nullDevice
        guard (try? server.run()) != nil else { return }
        usleep(300_000)
        guard server.isRunning else { return warn("HTTP/2 left out: nghttpd (Debian's nghttp2-server) is missing") }
        var workload = workload("HTTP/2, keep-alive")
        workload.scheme = "https"
        workload.port = harness.http2Port
        workload.authorities = harness.certificate
        workload.isHTTP2 = true
        workload.isCounted = false
        workload.product = ["--http2", "1"]
        let comparison = Comparison(workload, harness)
        comparison.add(to: &rates)
        warn("\(workload.title): \(comparison.rate.text(0))/s, ÷ limit \(comparison.toLimit.text(2))")
        server.terminate()
        server.waitUntilExit()
    }

    private func measureFanOut() {
        let outcome = harness.dispatch(
            "fan-out",
            ["--url", "http://127.0.0.1:\(harness.port)/ok/", "--endpoints", "10000", "--events", "3"]
        )
        print(
            "fan-out of one event to 10,000 subscriptions: \((outcome.seconds / 3).short(2)) s each, "
                + "\(outcome.perSecond.short(0)) deliveries/s, \(outcome.microsecondsPerDelivery.short(0)) µs CPU each, "
                + "\(outcome["residentMB"].short(0)) MB\n"
        )
    }
}
