#if Server
    import Glibc
    import Synchronization
    import Testing
    import WebhookReceiver

    /// `serve`, killed while messages come in.
    @Suite(.timeLimit(.minutes(2))) struct ServeCrashTests {
        @Test func `every 202 is there after a kill, and a repeated request gets its first answer`() async throws {
            let sandbox = try CommandEnvironment()
            try sandbox.write("w.yaml", sandbox.configuration(more: ServeTests.server))
            try await Self.killAndRepeat(sandbox)
        }

        #if PostgreSQL
            @Test(.disabled(if: PostgresSandbox.url == nil, "needs a server: run it inside Tests/postgres.sh"))
            func `the same on PostgreSQL`() async throws {
                try await PostgresSandbox.run { sandbox, database in
                    try sandbox.write("w.yaml", try database.configuration(sandbox) + ServeTests.server)
                    try await Self.killAndRepeat(sandbox)
                }
            }
        #endif

        private static let count = 32
        /// The answers after which it is killed.
        private static let before = 12

        private static func killAndRepeat(_ sandbox: CommandEnvironment) async throws {
            let first = try Background(["serve"], in: sandbox)
            let port = try await ServeTests.port(first)
            #expect(try await Exchange(port, "POST", "/api/v1/app", #"{"name":"A","uid":"a"}"#).status == 201)
            let answers = Answers()
            let process = first.processID
            try await withThrowingTaskGroup(of: Void.self) { group in
                for caller in 0..<4 {
                    group.addTask {
                        for number in stride(from: caller, to: count, by: 4) {
                            guard let answer = try await send(number, port) else { return }
                            if answers.add(answer, number) == before { kill(process, SIGKILL) }
                        }
                    }
                }
                try await group.waitForAll()
            }
            _ = await first.end()
            let known = answers.all
            #expect(known.count >= before && known.count < count)

            let second = try Background(["serve"], in: sandbox)
            let next = try await ServeTests.port(second)
            var ids: Set<String> = []
            for number in 0..<count {
                let answer = try #require(try await send(number, next))
                #expect(known[number] == nil || known[number] == answer)
                ids.insert(String(try #require(answer.firstMatch(of: /"id":"(msg_[^"]+)"/)).1))
            }
            #expect(ids.count == count)
            func received() -> Set<String> {
                Set(sandbox.receiver.requests.compactMap { $0.headers(named: "webhook-id").first })
            }
            while true {
                // Counted first: what comes after it is not waited for in vain.
                let seen = sandbox.receiver.requestCount
                if received().count == count { break }
                try await sandbox.receiver.waitForRequests(count: seen + 1)
            }
            #expect(received() == ids)
            let list = try await Exchange(next, "GET", "/api/v1/app/a/msg?limit=200")
            #expect(list.body.split(separator: "\"eventType\"").count - 1 == count)
            second.signal(SIGTERM)
            #expect(await second.end() == 0)
        }

        /// The answers to messages, by their numbers.
        private final class Answers: Sendable {
            private let answers = Mutex<[Int: String]>([:])

            var all: [Int: String] { answers.withLock { $0 } }

            /// - Returns: how many there are now.
            func add(_ answer: String, _ number: Int) -> Int {
                answers.withLock { answers in
                    answers[number] = answer
                    return answers.count
                }
            }
        }

        /// The answer to a message under a key of its own; `nil` where none came.
        private static func send(_ number: Int, _ port: UInt16) async throws -> String? {
            let body = #"{"eventType":"course.completed","eventId":"e\#(number)","payload":{"n":\#(number)}}"#
            let answer = try await Exchange(port, "POST", "/api/v1/app/a/msg", body, key: "auto_\(number)")
            guard answer.status != 0 else { return nil }
            #expect(answer.status == 202, "\(answer.body)")
            return answer.body
        }
    }
#endif
