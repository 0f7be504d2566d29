import Glibc
import Testing
import WebhookSimulation

/// `run --listen`: what whoever watches a dispatcher gets.
@Suite(.timeLimit(.minutes(2))) struct MonitoringTests {
    @Test func `metrics and health of a dispatcher, from its start to its end`() async throws {
        let sandbox = try CommandEnvironment { request in
            request.target == "/lms" ? .neverAnswer : .noContent
        }
        let run = try Background(["run", "--listen", "127.0.0.1:0"], in: sandbox)
        let port = try await port(run)
        #expect(await run.line(containing: "delivering", on: .error) != nil)
        #expect(try await get(port, "/healthz").hasSuffix("ok\n"))
        #expect(try await get(port, "/readyz").hasSuffix("{\"ready\":true}\n"))
        #expect(try await sandbox.run("emit", "x.y", "--data", "1").status == 0)
        let delivered = #"webhooks_attempts_total{subscription="crm",outcome="succeeded",error=""} 1"#
        var metrics = ""
        while !metrics.contains(delivered) { metrics = try await get(port, "/metrics") }
        #expect(metrics.contains("\nwebhooks_dispatcher_running 1\n"))
        #expect(metrics.contains("# HELP webhooks_build_info Always 1; the label is the product's version.\n"))
        #expect(metrics.contains(#"webhooks_deliveries_settled_total{subscription="crm",state="delivered"} 1"#))
        #expect(metrics.contains(#"webhooks_attempt_duration_seconds_count{subscription="crm"} 1"#))
        #expect(!metrics.contains(sandbox.receiver.url), "no address of a receiver")
        // What is on the wire holds up the end.
        #expect(try await sandbox.run("emit", "user.created", "--data", "{}", "--detach").status == 0)
        _ = try await sandbox.receiver.waitForRequests(count: 3)
        run.signal(SIGTERM)
        #expect(await run.line(containing: "draining", on: .error) != nil)
        let stopping = try await get(port, "/readyz")
        #expect(stopping.hasPrefix("HTTP/1.1 503 "))
        #expect(stopping.contains(#"{"ready":false,"reason":"stopping","message":"the dispatcher is shutting down"}"#))
        #expect(try await get(port, "/healthz").hasSuffix("ok\n"), "it lives")
        run.signal(SIGTERM)
        #expect(await run.end() == 128 + SIGTERM)
    }

    @Test func `a port that is taken is an error in a sentence, and nothing is delivered`() async throws {
        let sandbox = try CommandEnvironment()
        let first = try Background(["run", "--listen", "127.0.0.1:0"], in: sandbox)
        let port = try await port(first)
        let second = try await sandbox.run("run", "--store", "sqlite:other.sqlite", "--listen", "127.0.0.1:\(port)")
        #expect(second.status == 69)
        #expect(second.err.contains("can't listen on 127.0.0.1:\(port): the port is taken"))
        #expect(!second.err.contains("delivering"))
        first.signal(SIGTERM)
        #expect(await first.end() == 0)
    }

    @Test func `beyond this machine it has to be asked for`() async throws {
        let sandbox = try CommandEnvironment()
        for (arguments, message) in [
            (["--listen", "0.0.0.0:0"], "add --public if that is meant"), (["--listen", "x"], "an address and a port"),
            (["--public"], "--public goes with --listen"),
        ] {
            let refused = try await sandbox.run(["run"] + arguments)
            #expect(refused.status == 64 && refused.err.contains(message), "\(refused.err)")
        }
        let open = try Background(["run", "--listen", "0.0.0.0:0", "--public"], in: sandbox)
        let port = try await port(open)
        #expect(try await get(port, "/healthz").hasSuffix("ok\n"))
        #expect(try await get(port, "/healthz", host: "evil.example").hasPrefix("HTTP/1.1 421 "))
        open.signal(SIGTERM)
        #expect(await open.end() == 0)
    }

    private func port(_ run: Background) async throws -> UInt16 {
        let line = await run.line(containing: "listening for monitoring", on: .error)
        let match = try #require(line?.firstMatch(of: /http:\/\/[0-9.]+:(\d+)/), "\(line ?? "")")
        return try #require(UInt16(match.1))
    }

    /// The whole answer.
    private func get(_ port: UInt16, _ path: String, host: String = "localhost") async throws -> String {
        let text = "GET \(path) HTTP/1.1\r\nHost: \(host)\r\n\r\n"
        return await Program.blocking {
            guard let connection = BlockingConnection(to: port, patience: 60) else { return "" }
            defer { connection.close() }
            guard connection.send(text.utf8) else { return "" }
            connection.waitForEnd()
            return String(decoding: connection.buffer, as: UTF8.self)
        }
    }
}
