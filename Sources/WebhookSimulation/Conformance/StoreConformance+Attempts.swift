internal import WebhookCore

extension StoreConformance {
    static let attemptChecks: [Check] = [
        Check("an attempt comes back byte for byte", keepsAttempts),
        Check("an attempt in flight is the last of the log", showsAttemptInFlight),
    ]

    static func keepsAttempts(_ driver: StoreDriver) async throws {
        let id = try await driver.acceptOne("e1", .pending("a"))
        for (index, attempt) in sampleAttempts.enumerated() {
            let claim = try await driver.claim(id, number: attempt.number, at: attempt.startedAt)
            try expect(claim, .claimed(body: "body"), "the claim of attempt \(attempt.number)")
            let isLast = index == sampleAttempts.count - 1
            let write = AttemptWrite(
                delivery: id,
                attempt: attempt,
                uncountedAttempts: 0,
                interruptions: 0,
                next: isLast ? .settled(.failed) : .waiting(until: .at(100))
            )
            try expect(try await driver.commit { $0.results = [write] }.results, [.recorded], "recorded")
        }
        let log = try await driver.store.attempts(of: id)
        try expect(log.count, sampleAttempts.count, "attempts")
        for (found, expected) in zip(log, sampleAttempts) {
            var expected = expected
            expected.requestBody = "body"
            try expect(found, expected, "attempt \(expected.number)")
        }
        try expect(try await driver.store.attempts(of: Delivery.ID(rawValue: 9_999)), [], "an unknown delivery")
    }

    static func showsAttemptInFlight(_ driver: StoreDriver) async throws {
        let id = try await driver.acceptOne("e1", .claimed("a", at: .at(8)))
        let first = Attempt(number: 1, startedAt: .at(8), url: "", requestHeaders: [], requestBody: "body")
        try expect(try await driver.store.attempts(of: id), [first], "the first attempt in flight")
        _ = try await driver.record(id, error: .dns, next: .waiting(until: .at(30)))
        try expect(try await driver.store.attempts(of: id).map(\.outcome), [.failed], "once it is recorded")
        _ = try await driver.claim(id, number: 2, at: .at(31))
        let log = try await driver.store.attempts(of: id)
        try expect(log.map(\.number), [1, 2], "the second in flight")
        try expect(log.map(\.finishedAt), [.at(20), nil], "finished")
        try expect(log.last?.startedAt, .at(31), "started when it was claimed")
    }

    /// Attempts that use every member, and hardly any.
    private static var sampleAttempts: [Attempt] {
        var full = Attempt(
            number: 1,
            startedAt: .at(3),
            url: "https://a.example/hook?q=***",
            requestHeaders: [HTTPHeader("A", "1"), HTTPHeader("a", ""), HTTPHeader("Größe", "☃\r\n\0")],
            requestBody: "not kept here"
        )
        full.finishedAt = .at(9)
        full.outcome = .failed
        full.status = 503
        full.error = .status
        full.detail = "503 \"Service Unavailable\"\0"
        full.responseHeaders = (0..<300).map { HTTPHeader("X-\($0)", String(repeating: "v", count: $0)) }
        full.responseBody = ByteString((0..<16_384).map { UInt8(truncatingIfNeeded: $0) })
        full.responseTruncated = true
        full.remoteAddress = "[::1]:443"
        full.httpVersion = "2"
        full.connectionReused = true
        full.duration = .microseconds(6_123_456_789)
        full.phases = Attempt.Phases(
            dns: .zero,
            connect: .microseconds(1),
            tls: .milliseconds(20),
            firstByte: .seconds(15)
        )
        var bare = Attempt(number: 2, startedAt: .at(110), url: "", requestHeaders: [], requestBody: .empty)
        bare.outcome = .unknown
        bare.finishedAt = .at(110)
        var third = bare
        third.number = 3
        third.error = .dns
        third.detail = ""
        third.remoteAddress = ""
        third.httpVersion = "1.1"
        third.duration = .zero
        third.phases.tls = .microseconds(7)
        return [full, bare, third]
            + FailureKind.allCases.enumerated().map { index, error in
                var attempt = bare
                attempt.number = 4 + index
                attempt.outcome = Attempt.Outcome.allCases[index % 3]
                attempt.error = error
                return attempt
            }
    }
}
