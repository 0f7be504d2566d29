internal import WebhookCore

extension StoreConformance {
    static let progressChecks: [Check] = [
        Check("progress counts events and deliveries that are not there yet", countsProgress)
    ]

    static func countsProgress(_ driver: StoreDriver) async throws {
        func progress(_ ids: [String]) async throws -> [Int] {
            let progress = try await driver.store.progress(ofEvents: ids)
            return [progress.waitingForFanOut, progress.withoutFirstAttempt]
        }
        _ = try await driver.acceptPending(.sample("e1"))
        let ids = try await driver.accept(
            .sample("e2"),
            [
                .pending("a"), .claimed("b"), .claimed("c"), .claimed("d"),
                NewDelivery(
                    subscription: "e",
                    mode: .retry,
                    body: nil,
                    contentType: .json,
                    start: .settled(.failed, .template, detail: nil)
                ),
            ]
        )
        try await driver.accept(.sample("e3"), [.pending("a")])
        try expect(try await progress(["e1", "e2", "e9"]), [1, 4], "at first")
        _ = try await driver.record(ids[2], status: 500, error: .status, next: .waiting(until: .at(40)))
        _ = try await driver.record(ids[3], status: 200, next: .settled(.delivered))
        try expect(try await progress(["e2"]), [0, 2], "a first attempt failed, another succeeded")
        _ = try await driver.claim(ids[2], number: 2)
        try expect(try await progress(["e2"]), [0, 2], "a second attempt is in flight")
        try expect(try await progress(["e2", "e2", "e3"]), [0, 3], "an event counts once")
        _ = try await driver.store.cancel(events: ["e1"], deliveries: [], subscription: nil, at: .at(50))
        _ = try await driver.store.cancel(events: [], deliveries: [], subscription: "a", at: .at(50))
        try expect(try await progress(["e1", "e2", "e3"]), [0, 1], "once things are cancelled")
        try expect(try await progress([]), [0, 0], "no events")
    }
}
