import Testing
import WebhookCore
import Webhooks

@testable import WebhooksCommand

/// What people read: times, results, and what to do next.
@Suite struct WordingTests {
    private static let now = Timestamp(milliseconds: 1_000_000_000)

    private func json(_ delivery: Delivery) -> String {
        DeliveryOutput.json(delivery, owners: SubscriptionOwners()).line
    }

    private func delivery(
        _ state: DeliveryState = .waiting,
        due seconds: Int64? = nil,
        status: Int? = nil,
        error: FailureKind? = nil,
        mode: DeliveryMode = .retry,
        isTest: Bool = false
    ) -> Delivery {
        Delivery(
            id: Delivery.ID(rawValue: 1),
            event: "e",
            topic: "a.b",
            tenant: nil,
            subscription: "crm",
            state: state,
            mode: mode,
            attempts: 1,
            nextAttemptAt: seconds.map { Self.now + .seconds($0) },
            lastStatus: status,
            lastError: error,
            createdAt: Self.now,
            settledAt: nil,
            isTest: isTest,
            retriggerOf: nil
        )
    }

    @Test(
        arguments: [
            (3_599_900, "in 1 h"), (3_540_000, "in 59 min"), (59_600, "in 1 min"), (59_400, "in 59 s"),
            (1_400, "in 1 s"),
            (-90_000, "2 min ago"), (28_799_500, "in 8 h"), (172_800_000, "in 2 d"), (400, "now"),
        ] as [(Int64, String)]
    )
    func `a distance is rounded to the nearest`(milliseconds: Int64, text: String) {
        #expect(RelativeTime.text(Timestamp(milliseconds: Self.now.milliseconds + milliseconds), now: Self.now) == text)
    }

    @Test func `the next attempt is due, overdue or held`() {
        func next(_ seconds: Int64?, _ holds: [String: DeliveryHolds.Hold] = [:]) -> String {
            let holds = DeliveryHolds(bySubscription: holds)
            return DeliveryOutput.next(delivery(due: seconds), holds: holds, now: Self.now)
        }
        #expect(next(5) == "in 5 s")
        #expect(next(0) == "now")
        #expect(next(-120) == "overdue")
        #expect(next(-120, ["crm": .paused]) == "paused")
        #expect(next(-120, ["crm": .parked]) == "parked")
        #expect(next(5, ["crm": .breaker(Self.now + .seconds(20))]) == "breaker")
        #expect(next(30, ["crm": .breaker(Self.now + .seconds(20))]) == "in 30 s")
        #expect(next(5, ["erp": .paused]) == "in 5 s")
        #expect(next(nil, ["crm": .paused]) == "")
    }

    @Test func `a result names the error only where the status doesn't tell`() {
        #expect(DeliveryOutput.result(delivery(status: 503, error: .status)) == "503")
        #expect(DeliveryOutput.result(delivery(error: .timeout)) == "timeout")
        #expect(DeliveryOutput.result(delivery(status: 204)) == "204")
        #expect(DeliveryOutput.result(delivery()) == "-")
        // Programs get both.
        #expect(json(delivery(status: 503, error: .status)).contains(#""lastError":"status""#))
    }

    @Test func `a send test is no single-shot subscription`() {
        #expect(DeliveryOutput.mode(delivery(mode: .singleShot, isTest: true)) == "test (one attempt)")
        #expect(DeliveryOutput.mode(delivery(mode: .singleShot)) == "single-shot")
        #expect(DeliveryOutput.mode(delivery(mode: .retry, isTest: true)) == "retry")
        #expect(json(delivery(mode: .singleShot, isTest: true)).contains(#""mode":"single-shot""#))
    }

    @Test func `a run says what is due later`() {
        let later = ScheduledEvents(count: 1, next: Self.now + .seconds(8 * 3600))
        #expect(
            RunTally().text(later: later, now: Self.now)
                == "nothing to deliver now; 1 event is due later, the next in 8 h"
        )
        #expect(RunTally().text(later: ScheduledEvents()) == "nothing to deliver")
    }

    @Test func `enabling says what there is to say`() {
        func lines(_ wasDisabled: Bool, off: String? = nil, _ cancelled: Int, _ gone: [Int64] = []) -> [String] {
            let missed = MissedDeliveries(cancelled: cancelled, gone: gone.map { Delivery.ID(rawValue: $0) })
            return Enable.report("crm", wasDisabled: wasDisabled, off, missed)
        }
        #expect(lines(false, 0) == ["crm was not disabled"])
        #expect(lines(true, 0) == ["crm is enabled"])
        let command = "`webhooks retrigger --error disabled --subscription crm` sends them again"
        #expect(lines(true, 1).last?.hasSuffix("--subscription crm` sends it again") == true)
        #expect(lines(true, MissedDeliveries.most)[1].hasPrefix("at least 10000 deliveries were cancelled"))
        let gone = "2 deliveries were answered with 410: `webhooks retrigger dlv_3 dlv_4` sends them again"
        #expect(lines(true, 0, [3, 4]) == ["crm is enabled", gone])
        let off = "the configuration says `enabled: false`"
        #expect(lines(false, off: off, 0) == ["crm was not disabled; \(off)"])
        #expect(lines(false, 2).last == "2 deliveries were cancelled while it was disabled: \(command)")
    }

    @Test func `what is parked is said by subscription, and why`() throws {
        func delivery(_ id: Int64, _ subscription: String, _ state: DeliveryState = .waiting) -> Delivery {
            Delivery(
                id: Delivery.ID(rawValue: id),
                event: "e",
                topic: "a.b",
                tenant: nil,
                subscription: subscription,
                state: state,
                mode: .retry,
                attempts: 1,
                nextAttemptAt: nil,
                lastStatus: nil,
                lastError: nil,
                createdAt: .now,
                settledAt: nil,
                isTest: false,
                retriggerOf: nil
            )
        }
        let entries = [
            ConfigurationOutline.Entry(name: "crm", isEnabled: true, topics: []),
            ConfigurationOutline.Entry(name: "off", isEnabled: false, topics: []),
        ]
        let all = [delivery(1, "loop"), delivery(2, "crm"), delivery(3, "loop"), delivery(4, "off")]
        let lines = ParkedNotice.lines(all + [delivery(5, "loop", .cancelled)], entries)
        #expect(lines == ["2 are parked: the configuration has no loop", "1 is parked: off is `enabled: false`"])
    }

    @Test func `a clock that may be ahead is told by what it would delete`() {
        let now = Timestamp(milliseconds: 100 * 86_400_000)
        let day: Duration = .seconds(86_400)
        #expect(Prune.looksWrong(now - day * 40, age: day * 30, now: now))
        #expect(!Prune.looksWrong(now - day * 29, age: day * 30, now: now))
        #expect(Prune.looksWrong(now - day, age: .zero, now: now), "no age allows everything")
        #expect(Prune.looksWrong(now, age: .zero, now: now))
    }

    @Test func `an invalid configuration is summed up by its problems`() {
        #expect(Validate.summary(subscriptions: 0, errors: 5, warnings: 2) == "5 errors, 2 warnings")
        #expect(Validate.summary(subscriptions: 6, errors: 0, warnings: 1) == "6 subscriptions, 1 warning")
    }

    @Test func `the arguments of render in each other's place`() {
        let hint = "acme-erp is a subscription: webhooks render acme-erp course.created …"
        #expect(Render.swapped("course.created", "acme-erp", among: ["acme-erp"]) == hint)
        #expect(Render.swapped("acme-erp", "course.created", among: ["acme-erp"]) == nil)
        #expect(Render.swapped("crm", "course.created", among: ["acme-erp"]) == nil)
    }

    @Test func `an example is never made up`() throws {
        let catalog = TopicCatalog()
        func message(_ work: () throws -> Void) -> String {
            do { try work() } catch { return (error as? WebhooksError)?.text(for: .commandLine) ?? "" }
            return ""
        }
        #expect(
            message { _ = try catalog.exampleData(of: "course.creatd") }
                == "no profile has an example of course.creatd; did you mean course.created? "
                + "(the profile standard has a generic one)"
        )
        _ = try catalog.exampleData(of: "course.creatd", profile: "standard")
        _ = try catalog.exampleData(of: "course.created")
        #expect(
            message { _ = try catalog.topic("grade.released") }
                == "no profile lists the topic grade.released; `standard` takes any topic; see `webhooks topics list`"
        )
    }
}

/// The same, where it takes a store or a receiver.
@Suite struct GuidanceTests {
    @Test func `an id of the other kind is named as such`() async throws {
        let sandbox = try CommandEnvironment()
        #expect(try await sandbox.run("emit", "a.b", "--data", "1", "--id", "order-1").status == 0)
        for (command, message) in [
            (["deliveries", "show", "order-1"], "error: order-1 is an event: webhooks events show order-1\n"),
            (["events", "show", "dlv_1"], "error: dlv_1 is a delivery: webhooks deliveries show dlv_1\n"),
            (["deliveries", "show", "1"], "error: there is no delivery 1; did you mean dlv_1?\n"),
            (["retry", "1"], "error: there is no event or delivery 1; did you mean dlv_1?\n"),
            (["deliveries", "show", "7"], "error: there is no delivery 7\n"),
        ] {
            let done = try await sandbox.run(command)
            #expect(done.status == 1)
            #expect(done.err.hasPrefix(message), "\(done.err)")
        }
        let late = try await sandbox.run("cancel", "order-1")
        #expect(late.status == 1 && late.out.hasPrefix("too late   order-1 (dlv_1) crm: delivered "), "\(late.out)")
        #expect(try await sandbox.run("enable", "crm").out == "crm was not disabled\n")
    }

    @Test func `render and test say that the event would not be sent`() async throws {
        let sandbox = try CommandEnvironment()
        let other = try await sandbox.run("render", "lms", "course.created", "--example", "--body-only", "--json")
        #expect(other.status == 0)
        let notes = other.err.split(separator: "\n").map(String.init)
        #expect(notes.count == 1)
        #expect(
            try JSONText(notes[0])["note"]["message"].string
                == "lms would not get this event: its topics are user.*"
        )
        #expect(try await sandbox.run("render", "crm", "a.b", "--data", "1").err.isEmpty)
        try sandbox.write("small.yaml", "dispatcher: { maxBody: 1KiB }\n" + sandbox.configuration())
        let long = #"{"text":"\#(String(repeating: "x", count: 3_000))"}"#
        let failed = try await sandbox.run("render", "lms", "course.created", "--data", long, "--config", "small.yaml")
        #expect(failed.status == 65)
        #expect(failed.err.hasPrefix("note: lms would not get this event: its topics are user.*\n"), "\(failed.err)")
        let test = try await sandbox.run("test", "lms", "--topic", "course.created")
        #expect(test.err.hasPrefix("note: lms would not get this event: its topics are user.*\n"))
        #expect(test.status == 0)
        #expect(try await sandbox.run("test", "crm").err.isEmpty)
    }

    @Test func `a file's name is no payload`() async throws {
        let sandbox = try CommandEnvironment()
        try sandbox.write("sale.json", "{}")
        let done = try await sandbox.run("emit", "a.b", "--data", "sale.json")
        #expect(done.status == 65 && done.err.hasSuffix("hint: a file is written @sale.json\n"), "\(done.err)")
        let sign = [
            "sign", "--id", "a", "--timestamp", "1", "--secret", CommandEnvironment.secret, "--data", "sale.json",
        ]
        #expect(try await sandbox.run(sign).err.contains("a file is written @sale.json"))
    }

    @Test func `a port that is taken`() async throws {
        let sandbox = try CommandEnvironment()
        let done = try await sandbox.run(
            "listen",
            "--port",
            String(sandbox.receiver.url.split(separator: ":").last ?? "")
        )
        #expect(done.status == 69)
        #expect(done.err.contains("hint: another program listens there: end it, or take another port with --port N"))
    }

    @Test func `whoever could not emit is told whether the event is stored, and that the same id is safe`() throws {
        let event = try Event(topic: "a.b", data: "{}", id: "order-7")
        var error = StoreError(.unavailable, "the server is away")
        func text(_ failure: any Error) throws -> String {
            let failure = try #require(failure as? CommandFailure)
            return failure.message + " | " + (failure.hint ?? "")
        }
        let again = "emit it again under the same id (--id order-7): it is stored once"
        #expect(
            try text(EmitFailure.storing(WebhooksError(error), event))
                == "the server is away; nothing was stored | \(again)"
        )
        let full = try text(EmitFailure.storing(WebhooksError(StoreError(.full, "no room")), event))
        #expect(full.hasPrefix("no room; nothing was stored | make room") && full.hasSuffix("; then \(again)"))
        let after = try text(EmitFailure.afterStoring(WebhooksError(error), event))
        #expect(
            after.hasPrefix("the server is away; the event order-7 is stored, and is delivered when the store works")
        )
        error.isOutcomeUnknown = true
        #expect(
            try text(EmitFailure.storing(WebhooksError(error), event))
                == "the server is away; it isn't known whether the event order-7 is stored | \(again)"
        )
        #expect(EmitFailure.storing(WebhooksError(.event, "bad"), event) is WebhooksError)
        #expect(
            EmitBatch.failure(WebhooksError(error), stored: 2, of: 3).message.hasSuffix(
                "; at least 2 of 3 events are stored"
            )
        )
    }
}
