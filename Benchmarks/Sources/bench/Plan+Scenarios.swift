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
    }

    private var scenarios: [Workload] {
        var ports = workload("1,000 endpoints, a port each")
        ports.endpoints = Harness.ports
        ports.ports = Harness.ports
        var xml = workload("XML")
        xml.product = ["--content", "xml"]
        var secure = workload("HTTPS, keep-alive")
        secure.scheme = "https"
        secure.port = harness.tlsPort
        secure.authorities = harness.certificate
        var refused = workload("half the answers are 503")
        refused.path = "/half/"
        refused.isHalfRefused = true
        refused.dispatch = 10_000
        refused.product = ["--retry-after-ms", "50"]
        return [ports, xml, secure, refused]
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
}
