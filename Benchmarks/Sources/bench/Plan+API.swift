internal import BenchSupport
internal import Foundation

/// The HTTP API before the same dispatcher: messages in, deliveries out.
extension Plan {
    func measureAPI() {
        var (ratios, rates): ([Double], [Double]) = ([], [])
        for _ in 0..<harness.rounds {
            let limit = bareLimit()
            rates.append(messageRate())
            ratios.append(rates[rates.count - 1] / limit)
        }
        verdicts.add("messages/s by the API, delivered and recorded ÷ limit", atLeast: 0.15, Series(ratios))
        warn("messages by the API: \(Series(rates).text(0)) a second")
        measureAnswers()
        measureIdleConnections()
    }

    /// The bare loop's requests a second, with what the product would send.
    private func bareLimit() -> Double {
        let workload = workload("API")
        let request = "\(harness.work)/request"
        _ = harness.dispatch("request", workload.common + ["--out", request])
        let amount = ["--request", request, "--requests", "\(harness.amount(workload.limit))"]
        return harness.run("limit", workload.common + amount).perSecond
    }

    /// A server with an application and its one endpoint, of a name that the sink answers by.
    private func server(_ store: StoreFile, to path: String) -> APIServer {
        let server = APIServer(harness, store: "sqlite:\(store.path)")
        let connection = server.connect()
        connection.call("POST", "/app", #"{"name":"bench","uid":"bench"}"#)
        connection.call(
            "POST",
            "/app/bench/endpoint",
            #"{"url":"http://127.0.0.1:\#(harness.port)\#(path)","webhooks":{"delivery":{"maxInFlight":64}}}"#
        )
        return server
    }

    /// Posts messages over 64 connections.
    private func post(_ count: Int, to server: APIServer, _ more: [String] = []) -> Outcome {
        let file = "\(harness.work)/message"
        RequestFile(
            headers: APIServer.headers.compactMap { line in
                line.firstRange(of: ": ").map { (String(line[..<$0.lowerBound]), String(line[$0.upperBound...])) }
            },
            body: Array(#"{"eventType":"course.created","payload":"#.utf8) + Payload(size: 600).bytes(sentAt: .now)
                + Array("}".utf8)
        ).write(to: file)
        // The number that `limit` puts behind the URL is of a parameter that nobody reads.
        let url = "http://127.0.0.1:\(server.port)/api/v1/app/bench/msg?n="
        let outcome = harness.run(
            "limit",
            ["--url", url, "--request", file, "--requests", "\(count)", "--warm-up", "0"] + more
        )
        if outcome.failures > 0 { fail("\(outcome.failures) messages were not taken") }
        return outcome
    }

    /// Messages a second, from the first request to the last recorded attempt.
    private func messageRate() -> Double {
        let store = harness.freshStore()
        let server = server(store, to: "/ok/0")
        let (warmUp, count) = (1000, harness.amount(20_000))
        var sent = 0
        func run(_ count: Int) -> Double {
            sent += count
            let start = Instant.now
            _ = post(count, to: server)
            while store.number("SELECT count(*) FROM webhooks_deliveries WHERE state = 3") < sent { usleep(1000) }
            return Double(count) / Instant.now.seconds(since: start)
        }
        harness.sink.reset()
        _ = run(warmUp)
        let rate = run(count)
        server.stop()
        let attempts = store.number("SELECT count(*) FROM webhooks_attempts")
        let received = harness.sink.counts().requests
        guard attempts == sent, received == sent else {
            fail("\(sent) messages, \(attempts) attempts, but the sink has counted \(received)")
        }
        return rate
    }

    /// The time of a 202 where messages come at fixed times.
    private func measureAnswers() {
        let outcomes = (0..<3).map { _ in
            let server = server(harness.freshStore(), to: "/ok/0")
            _ = post(1000, to: server)
            let outcome = post(harness.amount(5000), to: server, ["--rate", "500"])
            server.stop()
            return outcome
        }
        warn("202 at 500/s: p50 \(Series(outcomes.map { $0["p50ms"] }).text(2)) ms")
        let tail = Series(outcomes.map { $0["p99ms"] })
        verdicts.add("202 of the API at 500/s, open loop: p99", atMost: 10, unit: "ms", tail, digits: 2)
    }

    private func measureIdleConnections() {
        let server = server(harness.freshStore(), to: "/ok/0")
        let count = harness.amount(10_000)
        let connections = (0..<count).map { _ in
            let connection = server.connect()
            connection.call("GET", "/health")
            return connection
        }
        let memory = server.residentMegabytes
        // Nobody was sent away meanwhile.
        for connection in connections.prefix(1) + connections.suffix(1) { connection.call("GET", "/health") }
        verdicts.add("memory of the API with 10,000 idle connections", atMost: 150, unit: "MB", Series([memory]))
        server.stop()
    }
}
