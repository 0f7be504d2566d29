#if PostgreSQL
    import Testing
    import WebhookCore

    @testable import WebhooksPostgres

    /// Rows that are not as they were written.
    @Suite("Damage on PostgreSQL", .disabled(if: TestServer.isMissing, TestServer.advice))
    struct DamageTests {
        private func acceptance(_ number: Int) -> Acceptance {
            let instant = Timestamp(milliseconds: 1_700_000_000_000)
            let delivery = NewDelivery(
                subscription: "a",
                mode: .retry,
                body: 0,
                contentType: .json,
                start: .pending(dueAt: instant)
            )
            let event = Event(
                stored: "e\(number)",
                topic: "course.created",
                data: "{}",
                tenant: nil,
                occurredAt: instant,
                occurredAtIsGiven: false,
                deliverAt: nil,
                isTest: false
            )
            return Acceptance(
                event: event,
                createdAt: instant,
                deliveries: NewDeliveries(bodies: ["body \(number)"], deliveries: [delivery])
            )
        }

        @Test func `a check names every damaged row, with its event, and erasing these mends it`() async throws {
            try await TestServer.withSchema { target in
                let store = try PostgresStore.open(target, role: .dispatcher)
                defer { store.close() }
                var batch = StoreBatch()
                batch.acceptances = (0..<4).map(acceptance)
                try await withCheckedContinuation { continuation in
                    store.commit(batch) { result in continuation.resume(returning: result.map { _ in }) }
                }
                .get()
                let host = try PostgresConnection(target, isWriter: false)
                for id in ["e0", "e2"] {
                    try host.run(Statement("UPDATE events SET data = '[]' WHERE event_id = '\(id)'"))
                }
                try host.run(
                    Statement(
                        "UPDATE bodies SET content = 'else' WHERE event = (SELECT id FROM events WHERE event_id = 'e1')"
                    )
                )
                let error = await #expect(throws: StoreError.self) { try await store.integrityProblems() }
                let message = error?.message ?? ""
                #expect(error?.code == .damaged && error?.remedy == .expungeDamage)
                for row in ["event e0 is not", "event e2 is not", "of event e1 is not"] {
                    #expect(message.contains(row), "\(message)")
                }
                #expect(!message.contains("e3"), "\(message)")
                _ = try await store.cancel(events: ["e0", "e1", "e2"], deliveries: [], subscription: nil, at: .now)
                #expect(try await store.expunge(events: ["e0", "e1", "e2"], at: .now).events == ["e0", "e1", "e2"])
                #expect(try await store.integrityProblems() == [])
            }
        }
    }
#endif
