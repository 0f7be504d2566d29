#if PostgreSQL
    import Foundation
    import Testing
    import WebhookCore

    @testable import WebhooksPostgres

    /// Terminates the backends of a store's writers, on a connection of its own.
    private actor Killer {
        private let connection: PostgresConnection

        init(_ connection: sending PostgresConnection) { self.connection = connection }

        /// Makes signs of life as old as after an outage of a minute.
        func age() throws { try connection.run(Statement("UPDATE writers SET alive_at = alive_at - 60000")) }

        func kill() throws { try connection.run(Statement("SELECT pg_terminate_backend(pid) FROM writers")) }
    }

    @Suite("Faults of PostgreSQL", .disabled(if: TestServer.isMissing, TestServer.advice))
    struct PostgresFaultTests {
        private static let instant = Timestamp(milliseconds: 1_700_000_000_000)

        private func event(_ id: String) -> Event {
            Event(
                stored: id,
                topic: "course.created",
                data: "{}",
                tenant: nil,
                occurredAt: Self.instant,
                occurredAtIsGiven: false,
                deliverAt: nil,
                isTest: false
            )
        }

        /// A batch that accepts an event with a delivery whose first attempt is claimed.
        private func acceptance(_ id: String, subscription: String = "a", body: ByteString = "body") -> StoreBatch {
            let delivery = NewDelivery(
                subscription: subscription,
                mode: .singleShot,
                body: 0,
                contentType: .json,
                start: .claimed(at: Self.instant)
            )
            var batch = StoreBatch()
            let new = NewDeliveries(bodies: [body], deliveries: [delivery])
            batch.acceptances = [Acceptance(event: event(id), createdAt: Self.instant, deliveries: new)]
            return batch
        }

        private func commit(_ store: PostgresStore, _ batch: StoreBatch) async throws -> StoreBatchResult {
            let result = await withCheckedContinuation { continuation in
                store.commit(batch) { continuation.resume(returning: $0) }
            }
            return try result.get()
        }

        private func read(_ store: PostgresStore, _ fill: (inout StoreReads) -> Void) async throws -> StoreReadResult {
            var batch = StoreBatch()
            fill(&batch.reads)
            return try await commit(store, batch).reads
        }

        @Test("A dispatcher that the server was away from has not been silent")
        func connectsWithASignOfLife() async throws {
            try await TestServer.withSchema { target in
                let store = try PostgresStore.open(target, role: .node)
                defer { store.close() }
                let other = Killer(try PostgresConnection(target, isWriter: false))
                store.note(.alive)
                _ = try await commit(store, acceptance("before"))
                #expect(try #require(await store.dispatcher()?.lastSignOfLife) < .seconds(20))
                try await other.age()
                #expect(try #require(await store.dispatcher()?.lastSignOfLife) > .seconds(20))
                try await other.kill()
                _ = try await commit(store, acceptance("after"))
                #expect(try #require(await store.dispatcher()?.lastSignOfLife) < .seconds(20))
            }
        }

        // MARK: A COMMIT whose answer is lost

        /// Runs a test with a store behind a proxy; nothing where the server is not on this machine.
        private func withProxy(_ body: (PostgresStore, CuttingProxy) async throws -> Void) async throws {
            try await TestServer.withSchema { target in
                let url = try #require(URLComponents(string: TestServer.url ?? ""))
                let folder = url.queryItems?.first { $0.name == "host" }?.value
                guard let folder, folder.hasPrefix("/") else { return }
                let proxy = try CuttingProxy(server: folder)
                defer { proxy.close() }
                let changed = (TestServer.url ?? "").replacing("host=\(folder)", with: "host=\(proxy.folder)")
                let store = try PostgresStore.open(
                    PostgresTarget(url: Secret(changed), schema: target.schema),
                    role: .dispatcher
                )
                defer { store.close() }
                try await body(store, proxy)
            }
        }

        @Test("A commit whose answer is lost is found, with its results")
        func findsLostCommit() async throws {
            try await withProxy { store, proxy in
                _ = try await commit(store, acceptance("before"))
                proxy.cutNext(.beforeClient)
                let result = try await commit(store, acceptance("lost"))
                #expect(proxy.count == 1)
                guard case .stored(_, let ids) = result.acceptances[0], ids.count == 1 else {
                    Issue.record("\(result.acceptances)")
                    return
                }
                #expect(try await store.delivery(ids[0])?.state == .inFlight)
                proxy.cutNext(.beforeClient)
                guard case .stored = try await store.append(event("appended"), target: nil) else {
                    Issue.record("the appended event was not stored")
                    return
                }
                #expect(proxy.count == 2)
                #expect(try await store.events(EventQuery()).map(\.id) == ["appended", "lost", "before"])
            }
        }

        @Test("A commit that the server never saw is made again, once")
        func repeatsUnseenCommit() async throws {
            try await withProxy { store, proxy in
                proxy.cutNext(.beforeServer)
                guard case .stored(_, let ids) = try await commit(store, acceptance("e1")).acceptances[0] else {
                    Issue.record("it was not stored")
                    return
                }
                #expect(proxy.count == 1 && ids.count == 1)
                #expect(try await store.deliveries(DeliveryQuery()).map(\.id) == ids)
            }
        }

        @Test("Backends that are terminated at any time lose nothing and store nothing twice")
        func survivesTermination() async throws {
            try await TestServer.withSchema { target in
                let store = try PostgresStore.open(target, role: .dispatcher)
                defer { store.close() }
                let killer = Killer(try PostgresConnection(target, isWriter: false))
                for number in 0..<40 {
                    async let killed: Void = killer.kill()
                    // What fails has changed nothing: so it is never a duplicate.
                    while true {
                        guard let result = try? await commit(store, acceptance("e\(number)")) else { continue }
                        guard case .stored(_, let ids) = result.acceptances[0], ids.count == 1 else {
                            Issue.record("\(result.acceptances)")
                            break
                        }
                        break
                    }
                    try await killed
                }
                let interrupted = try await read(store) { $0.interrupted = true }.interrupted
                #expect(interrupted.count == 40 && Set(interrupted.map(\.delivery.event.id)).count == 40)
            }
        }

        // MARK: Several dispatchers

        @Test("A second dispatcher is told who has the store")
        func refusesSecondDispatcher() async throws {
            try await TestServer.withSchema { target in
                let store = try PostgresStore.open(target, role: .dispatcher)
                let error = try #require(throws: StoreError.self) { try PostgresStore.open(target, role: .dispatcher) }
                #expect(error.code == .locked && error.message.contains("process \(getpid())"))
                store.close()
                try PostgresStore.open(target, role: .dispatcher).close()
            }
        }

        @Test("A dispatcher that another has taken over from changes nothing any more")
        func fencesDispatcher() async throws {
            try await TestServer.withSchema { target in
                let store = try PostgresStore.open(target, role: .dispatcher)
                defer { store.close() }
                _ = try await commit(store, acceptance("e1"))
                let other = try PostgresConnection(target, isWriter: false)
                try other.run(Statement("UPDATE writers SET epoch = epoch + 1 WHERE dispatcher"))
                let error = await #expect(throws: StoreError.self) { try await commit(store, acceptance("e2")) }
                #expect(error?.code == .replaced && error?.isFinal == true)
                #expect(try await store.event("e2") == nil)
            }
        }

        // MARK: Transactions that end late

        @Test("An event whose transaction ends late stands behind what was given out")
        func placesLateEvents() async throws {
            try await TestServer.withSchema { target in
                let store = try PostgresStore.open(target, role: .dispatcher)
                defer { store.close() }
                let host = try PostgresConnection(target, isWriter: false)
                try host.run(.begin)
                try host.run(
                    Statement(
                        """
                        WITH e AS (
                            INSERT INTO events (occurred_at, created_at, occurred_given, test, event_id, topic, data)
                            VALUES (1, 1, false, false, 'late', 'course.created', '{}') RETURNING id
                        )
                        INSERT INTO pending (event) SELECT id FROM e
                        """
                    )
                )
                _ = try await store.append(event("early"), target: nil)
                func page() async throws -> [String] {
                    try await read(store) { $0.pendingEvents = 10 }.pendingEvents.map(\.event.id)
                }
                #expect(try await page() == ["early"])
                try host.run(.commit)
                _ = try await store.append(event("next"), target: nil)
                #expect(try await page() == ["early", "late", "next"])
            }
        }

        @Test("Deliveries whose transaction ends late are found, although their ids are lower")
        func findsLateDeliveries() async throws {
            try await TestServer.withSchema { target in
                let store = try PostgresStore.open(target, role: .dispatcher)
                defer { store.close() }
                let other = try PostgresStore.open(target, role: .writer)
                defer { other.close() }
                var batch = acceptance("e0", subscription: "late")
                batch.acceptances[0].deliveries?.deliveries[0].start = .settled(.failed, .template, detail: nil)
                _ = try await commit(other, batch)
                let host = try PostgresConnection(target, isWriter: false)
                let identity = try host.run(Statement("SELECT identity FROM meta"))[0].int64(0)
                let keys: [Parameter] = [.int4(Schema.lockClass), .int4(Int32(truncatingIfNeeded: identity))]
                try host.run(.begin)
                try host.run(Statement("SELECT pg_advisory_xact_lock_shared($1::int4, $2::int4)"), keys)
                try host.run(
                    Statement(
                        """
                        INSERT INTO deliveries (event, created_at, due_at, subscription, state, content_type, mode, test)
                        SELECT event, 1, 1, subscription, 0, content_type, mode, test FROM deliveries LIMIT 1
                        """
                    )
                )
                _ = try await commit(store, acceptance("e1"))
                let first = try await read(store) { $0.newDeliveriesAbove = Delivery.ID(rawValue: 0) }
                let highest = try #require(first.highestDelivery)
                #expect(first.touchedSubscriptions == [])
                try host.run(.commit)
                let second = try await read(store) { $0.newDeliveriesAbove = highest }
                #expect(second.touchedSubscriptions == ["late"])
                let third = try await read(store) { $0.newDeliveriesAbove = highest }
                #expect(third.touchedSubscriptions == [])
            }
        }

        // MARK: Rows

        @Test("A row that the database refuses holds up no other")
        func isolatesRefusedRows() async throws {
            try await TestServer.withSchema { target in
                let store = try PostgresStore.open(target, role: .dispatcher)
                defer { store.close() }
                let host = try PostgresConnection(target, isWriter: false)
                try host.run(
                    Statement(
                        """
                        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
                        BEGIN
                            IF NEW.event_id = 'bad' THEN RAISE EXCEPTION 'not this one'; END IF;
                            RETURN NEW;
                        END $$
                        """
                    )
                )
                try host.run(
                    Statement("CREATE TRIGGER refuse BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION refuse()")
                )
                try host.run(Statement("ALTER TABLE bodies ADD CHECK (length(content) < 100)"))
                var batch = acceptance("good")
                batch.acceptances += acceptance("bad").acceptances
                let large = ByteString([UInt8](repeating: 32, count: 200))
                batch.acceptances += acceptance("large", subscription: "b", body: large).acceptances
                let result = try await commit(store, batch)
                guard case .stored(_, let good) = result.acceptances[0],
                    case .refused(let reason) = result.acceptances[1],
                    case .stored(_, let failed) = result.acceptances[2]
                else {
                    Issue.record("\(result.acceptances)")
                    return
                }
                #expect(reason == "not this one")
                #expect(
                    result.refusals.map(\.item) == [
                        .acceptance(1), .acceptedDelivery(acceptance: 2, delivery: 0),
                    ]
                )
                #expect(try await store.delivery(good[0])?.state == .inFlight)
                let stored = try #require(try await store.delivery(failed[0]))
                #expect(stored.state == .failed && stored.lastError == .internal)
                // Where every row fails, it is the store's fault, and tried again.
                await #expect(throws: StoreError.self) { try await commit(store, acceptance("bad")) }
            }
        }

        @Test("Rows that are not as they were written are given up, and the others go on")
        func givesUpDamage() async throws {
            try await TestServer.withSchema { target in
                let store = try PostgresStore.open(target, role: .dispatcher)
                defer { store.close() }
                let host = try PostgresConnection(target, isWriter: false)
                var batch = acceptance("e1")
                batch.acceptances += acceptance("e2").acceptances
                for index in 0..<2 {
                    batch.acceptances[index].deliveries?.deliveries[0].start = .pending(dueAt: Self.instant)
                }
                let ids = try await commit(store, batch).acceptances.flatMap { result -> [Delivery.ID] in
                    if case .stored(_, let ids) = result { ids } else { [] }
                }
                try #require(ids.count == 2)
                try host.run(
                    Statement(
                        """
                        UPDATE bodies SET content = 'else'
                        WHERE event = (SELECT event FROM deliveries WHERE id = $1::int8)
                        """
                    ),
                    [.int8(ids[0].rawValue)]
                )
                var claims = StoreBatch()
                claims.claims = ids.map { Claim(delivery: $0, number: 1, at: Self.instant, needsBody: true) }
                let result = try await commit(store, claims)
                #expect(result.claims == [.refused, .claimed(body: "body")])
                #expect(result.refusals.map(\.item) == [.claim(0)])
                #expect(try await store.delivery(ids[0])?.state == .pending)

                for id in ["p1", "p2"] { _ = try await store.append(event(id), target: nil) }
                try host.run(Statement("UPDATE events SET data = '[]' WHERE event_id = 'p1'"))
                let pending = try await read(store) { $0.pendingEvents = 1 }
                #expect(pending.pendingEvents.map(\.event.id) == ["p2"])
                #expect(pending.damaged.map(\.event) == ["p1"] && pending.damaged.allSatisfy(\.isGivenUp))
                #expect(try await store.setAsideEvents(limit: 5).map(\.id) == ["p1"])

                try host.run(Statement("UPDATE deliveries SET mode = 9 WHERE id = $1::int8"), [.int8(ids[0].rawValue)])
                let refill = try await read(store) { $0.refills = [Refill(subscription: "a", after: nil, limit: 5)] }
                #expect(refill.refills == [[]] && refill.damaged.map(\.delivery) == [ids[0]])
            }
        }
    }
#endif
