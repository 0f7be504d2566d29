internal import BenchSupport
internal import Foundation

/// Subscriptions that the store keeps, by the API: 50,000 of them in ten applications, each with a channel of its own.
extension Plan {
    private static let applications = 10

    func measureStored() {
        let store = harness.freshStore()
        let each = harness.amount(50_000) / Self.applications
        makeEndpoints(each, in: store)
        let starts = (0..<3).map { _ in
            harness.sink.reset()
            let start = Instant.now
            let server = APIServer(harness, store: "sqlite:\(store.path)")
            send(to: (Self.applications - 1, "c\(each - 1)"), server.connect())
            receive { $0.requests == 1 }
            let seconds = Instant.now.seconds(since: start)
            server.stop()
            return seconds
        }
        verdicts.add("first delivery after a start on 50,000 stored", atMost: 3, unit: "s", Series(starts), digits: 2)
        let server = APIServer(harness, store: "sqlite:\(store.path)")
        verdicts.add("memory with 50,000 stored", atMost: 300, unit: "MB", Series([server.residentMegabytes]))
        measureChanges(each, server.connect())
        measurePages(server.connect())
        server.stop()
    }

    private func makeEndpoints(_ each: Int, in store: StoreFile) {
        let server = APIServer(harness, store: "sqlite:\(store.path)")
        let start = Instant.now
        for number in 0..<Self.applications {
            server.connect().call("POST", "/app", #"{"name":"School \#(number)","uid":"a\#(number)"}"#)
        }
        // So many clients at once share the waits for the disk.
        let clients = 32
        let (port, total) = (server.port, each * Self.applications)
        let group = DispatchGroup()
        for client in 0..<clients {
            group.enter()
            let (sink, applications) = (harness.port, Self.applications)
            Thread.detachNewThread {
                let connection = APIConnection(port: port)
                for number in stride(from: client, to: total, by: clients) {
                    let endpoint = number / applications
                    let url = "http://127.0.0.1:\(sink)/ok/\(number)"
                    connection.call(
                        "POST",
                        "/app/a\(number % applications)/endpoint",
                        #"{"url":"\#(url)","uid":"e\#(endpoint)","channels":["all","c\#(endpoint)"]}"#
                    )
                }
                group.leave()
            }
        }
        group.wait()
        let seconds = Instant.now.seconds(since: start)
        warn("\(total) endpoints made by the API in \(seconds.short(1)) s")
        // One success for each: what the store remembers of them is there.
        harness.sink.reset()
        for application in 0..<Self.applications { send(to: (application, "all"), server.connect()) }
        receive(within: 120) { $0.requests == total }
        server.stop()
    }

    /// A message for an application's endpoints of a channel.
    private func send(to endpoints: (application: Int, channel: String), _ connection: APIConnection) {
        let payload = String(decoding: Payload(size: 600).bytes(sentAt: .now), as: UTF8.self)
        connection.call(
            "POST",
            "/app/a\(endpoints.application)/msg",
            #"{"eventType":"course.created","channels":["\#(endpoints.channel)"],"payload":\#(payload)}"#
        )
    }

    /// Waits until the sink has counted what is expected.
    private func receive(within limit: Double = 10, _ isThere: (SinkControl.Counts) -> Bool) {
        let start = Instant.now
        while !isThere(harness.sink.counts()) {
            usleep(500)
            if Instant.now.seconds(since: start) > limit { fail("a message does not arrive where it should") }
        }
    }

    /// Each change is another path, at which the very next message has to arrive.
    private func measureChanges(_ each: Int, _ connection: APIConnection) {
        harness.sink.reset()
        let changes = (1...100).map { count in
            let (application, endpoint) = (count % Self.applications, count * 7919 % each)
            let (milliseconds, _) = connection.time(
                "PATCH",
                "/app/a\(application)/endpoint/e\(endpoint)",
                #"{"url":"http://127.0.0.1:\#(harness.port)/lat/\#(count)"}"#
            )
            send(to: (application, "c\(endpoint)"), connection)
            receive { $0.latencies == count }
            return milliseconds
        }
        verdicts.add("one of 50,000 stored changed, in force", atMost: 20, unit: "ms", Series(changes))
    }

    /// The largest pages of endpoints, all of them.
    private func measurePages(_ connection: APIConnection) {
        struct Page: Decodable {
            var iterator: String?
            var done: Bool
        }
        var pages: [Double] = []
        for application in 0..<Self.applications {
            var iterator: String?
            repeat {
                let from = iterator.map { "&iterator=\($0)" } ?? ""
                let (milliseconds, answer) = connection.time("GET", "/app/a\(application)/endpoint?limit=250\(from)")
                guard let page = try? JSONDecoder().decode(Page.self, from: answer) else { fail("that is no page") }
                pages.append(milliseconds)
                iterator = page.done ? nil : page.iterator
            } while iterator != nil
        }
        verdicts.add("a page of 250 of 50,000 stored", atMost: 10, unit: "ms", Series(pages))
    }
}
