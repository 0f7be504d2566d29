import Testing
import WebhookCore
import Webhooks

@testable import WebhooksServer

@Suite struct UpkeepTests {
    @Test func `a payload is erased when its time is over, and not before`() async throws {
        let served = try await ServedStore()
        await served.send("POST", "/app", #"{"name":"A","uid":"a"}"#)
        let body = #"{"eventType":"x","eventId":"m1","payload":{"pupil":"Ada"},"payloadRetentionHours":1}"#
        let sent = await served.send("POST", "/app/a/msg", body)
        await served.send("POST", "/app/a/msg", #"{"eventType":"x","eventId":"m2","payload":{"pupil":"Bob"}}"#)
        await served.api.upkeep(at: Timestamp.now + .seconds(3500))
        #expect(await served.send("GET", "/app/a/msg/m1")["payload", "pupil"] == "Ada")
        await served.api.upkeep(at: Timestamp.now + .seconds(3700))
        #expect(await served.send("GET", "/app/a/msg/\(sent["id"] ?? "")")["payload"] == #"{"expired":true}"#)
        #expect(await served.send("GET", "/app/a/msg/m2")["payload", "pupil"] == "Bob")
    }

    @Test func `answers are forgotten after twelve hours`() async throws {
        let served = try await ServedStore()
        let first = await served.send("POST", "/app", #"{"name":"A"}"#, key: "auto_1")
        await served.api.upkeep(at: Timestamp.now + .seconds(11 * 3600))
        #expect(await served.send("POST", "/app", #"{"name":"A"}"#, key: "auto_1") == first)
        await served.api.upkeep(at: Timestamp.now + .seconds(13 * 3600))
        #expect(await served.send("POST", "/app", #"{"name":"A"}"#, key: "auto_1") != first)
    }

    @Test func `a purge that was interrupted is taken up`() async throws {
        let served = try await ServedStore()
        let app = await served.send("POST", "/app", #"{"name":"A","uid":"a"}"#)
        for number in 0..<3 {
            await served.send("POST", "/app/a/msg", #"{"eventType":"x","eventId":"m\#(number)","payload":{"a":1}}"#)
        }
        let task = BackgroundTask(
            id: "qtask_left",
            kind: TaskKind.purge.rawValue,
            application: app["id"],
            updatedAt: Timestamp.now + .seconds(1)
        )
        _ = try await served.dispatcher.platformStore().apply([.insertTask(task)], answer: nil)
        #expect(await served.send("GET", "/background-task/qtask_left")["status"] == "running")
        await served.api.takeUpTasks()
        let done = await served.send("GET", "/background-task/qtask_left")
        #expect(done["status"] == "finished" && done["data", "messagesExpunged"] == "3")
        #expect(await served.send("GET", "/background-task?status=finished").ids() == ["qtask_left"])
        let first = try #require(await served.send("GET", "/app/a/msg").ids().last)
        #expect(await served.send("GET", "/app/a/msg/\(first)")["payload"] == #"{"expired":true}"#)
    }

    @Test func `a task that is cut off each time has failed in the end, and is forgotten after a month`() async throws {
        let served = try await ServedStore()
        let app = await served.send("POST", "/app", #"{"name":"A","uid":"a"}"#)
        var task = BackgroundTask(
            id: "qtask_left",
            kind: TaskKind.purge.rawValue,
            application: app["id"],
            updatedAt: .now
        )
        task.attempts = TaskTimes.mostAttempts
        _ = try await served.dispatcher.platformStore().apply([.insertTask(task)], answer: nil)
        await served.api.takeUpTasks()
        let path = "/background-task/qtask_left"
        let failed = await served.send("GET", path)
        #expect(failed["status"] == "failed", "\(failed.text)")
        #expect(failed["data", "reason"] == "it was cut off again and again", "\(failed.text)")
        await served.api.upkeep(at: .now + .seconds(29 * 86_400))
        #expect(await served.send("GET", path).status == 200)
        await served.api.upkeep(at: .now + .seconds(31 * 86_400))
        #expect(await served.send("GET", path).status == 404)
    }

    @Test func `an application has fifty tasks at a time, and keeps nobody else from one`() async throws {
        let served = try await ServedStore()
        for uid in ["a", "b"] { await served.send("POST", "/app", #"{"name":"N","uid":"\#(uid)"}"#) }
        let id = try #require(await served.send("GET", "/app/a")["id"])
        let tasks = (0..<50).map { number in
            // Of no kind that is worked on here.
            BackgroundTask(id: "qtask_\(number)", kind: "of.another.version", application: id, updatedAt: .now)
        }
        _ = try await served.dispatcher.platformStore().apply(tasks.map { .insertTask($0) }, answer: nil)
        let refused = await served.send("POST", "/app/a/msg/expunge-all-contents")
        #expect(refused.status == 429 && refused["code"] == "too_many_requests", "\(refused.text)")
        #expect(refused["detail"]?.contains("50 background tasks") == true, "\(refused.text)")
        #expect(await served.send("POST", "/app/b/msg/expunge-all-contents").status == 202)
    }

    @Test func `the waits between attempts double, and there are six`() {
        let times = TaskTimes(firstRetry: .seconds(60))
        let waits = (1...6).map { times.retry(after: $0) }
        #expect(waits == [.seconds(60), .seconds(120), .seconds(240), .seconds(480), .seconds(960), nil])
    }

    @Test func `of an application's messages those of a time are counted`() async throws {
        let served = try await ServedStore()
        for uid in ["a", "b"] { await served.send("POST", "/app", #"{"name":"N","uid":"\#(uid)"}"#) }
        for number in 0..<3 {
            await served.send("POST", "/app/a/msg", #"{"eventType":"x","eventId":"m\#(number)","payload":{}}"#)
        }
        await served.send("POST", "/app/b/msg", #"{"eventType":"x","payload":{}}"#)
        func count(_ body: String) async throws -> (begun: Answer, ended: Answer) {
            let begun = await served.send("POST", "/stats/usage/app", body)
            #expect(begun.status == 202, "\(begun.text)")
            let path = "/background-task/\(try #require(begun["id"]))"
            while true {
                let task = await served.send("GET", path)
                if task["status"] != "running" { return (begun, task) }
            }
        }
        let all = try await count(#"{"since":"2020-01-01T00:00:00Z","until":"2200-01-01T00:00:00Z"}"#)
        #expect(all.begun["task"] == "application.stats" && all.begun["unresolvedAppIds"] == "[]")
        let uids = all.ended.json?["data"]?["appStats"]?.array?.compactMap { $0["appUid"]?.string }
        #expect(uids == ["a", "b"] && all.ended["data", "appStats", "0", "messages"] == "3", "\(all.ended.text)")
        #expect(all.ended["data", "appStats", "1", "messages"] == "1", "\(all.ended.text)")
        #expect(all.ended["data", "appStats", "1", "messageDestinations"] == "0", "nobody wants them")
        let one = #"{"since":"2020-01-01T00:00:00Z","until":"2200-01-01T00:00:00Z","appIds":["b","nobody"]}"#
        let some = try await count(one)
        #expect(some.begun["unresolvedAppIds"] == #"["nobody"]"#, "\(some.begun.text)")
        #expect(some.ended.json?["data"]?["appStats"]?.array?.count == 1, "\(some.ended.text)")
        let past = try await count(#"{"since":"2020-01-01T00:00:00Z","until":"2021-01-01T00:00:00Z","appIds":["a"]}"#)
        #expect(past.ended["data", "appStats", "0", "messages"] == "0", "\(past.ended.text)")
        for (body, field) in [
            (#"{"until":"2021-01-01T00:00:00Z"}"#, "since"), (#"{"since":"2021-01-01T00:00:00Z"}"#, "until"),
            (#"{"since":"2021-01-01T00:00:00Z","until":"2020-01-01T00:00:00Z"}"#, "until"),
        ] {
            let refused = await served.send("POST", "/stats/usage/app", body)
            #expect(refused.status == 422 && refused["detail", "0", "loc", "1"] == field, "\(refused.text)")
        }
    }

    @Test func `pruned messages leave nothing behind`() async throws {
        let served = try await ServedStore()
        await served.send("POST", "/app", #"{"name":"A","uid":"a"}"#)
        await served.send("POST", "/app/a/msg", #"{"eventType":"x","eventId":"m1","payload":{}}"#)
        _ = try await served.dispatcher.administration.cancel([
            try #require(await served.send("GET", "/app/a/msg/m1")["id"])
        ])
        _ = try await served.dispatcher.administration.prune(olderThan: .seconds(-60))
        #expect(await served.send("GET", "/app/a/msg").ids().isEmpty)
        // The eventId is free again.
        #expect(
            await served.send("POST", "/app/a/msg", #"{"eventType":"x","eventId":"m1","payload":{}}"#).status == 202
        )
    }
}

@Suite struct LogOperationTests {
    @Test func `the log as a file`() async throws {
        let subscriptions = """

              - name: crm
                url: http://127.0.0.1:9/x
                topics: ["**"]
                tenant: a
                secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw]
            """
        let served = try await ServedStore(subscriptions: subscriptions)
        let csv = await served.send("GET", "/export?format=csv")
        #expect(csv.status == 200)
        for (query, field) in [
            ("", "format"), ("?format=xml", "format"), ("?format=csv&state=x", "state"),
            ("?format=csv&since=x", "since"),
        ] {
            let answer = await served.send("GET", "/export\(query)")
            #expect(answer.status == 422 && answer["detail", "0", "loc", "1"] == field)
        }
        #expect(await served.send("GET", "/export?format=csv&app=nobody").status == 404)
    }

    @Test func `endpoints of the file are shown, and change nowhere else`() async throws {
        let subscriptions = """

              - { name: own, url: "http://127.0.0.1:9/own", topics: ["**"], tenant: a, secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw] }
              - { name: others, url: "http://127.0.0.1:9/others", topics: ["**"], tenant: b, secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw] }
              - { name: everybody, url: "http://127.0.0.1:9/all", topics: [course.created], secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw] }
            """
        let served = try await ServedStore(subscriptions: subscriptions)
        await served.send("POST", "/app", #"{"name":"A","uid":"a"}"#)
        let list = await served.send("GET", "/app/a/endpoint")
        let names = list.json?["data"]?.array?.compactMap { $0.value(at: ["metadata", "webhooks.name"])?.string } ?? []
        #expect(names.sorted() == ["everybody", "own"])
        let token = try #require(await served.send("POST", "/auth/app-portal-access/a")["token"])
        // The operator's own URLs are not the tenant's business.
        let own = await served.send("GET", "/app/a/endpoint", token: token)
        #expect(own.ids().count == 1 && own["data", "0", "url"] == "http://127.0.0.1:9/own")
        let id = try #require(own["data", "0", "id"])
        #expect(id.hasPrefix("ep_") && id.count == 30)
        let everybody = try #require(list.ids().first { $0 != id })
        #expect(await served.send("GET", "/app/a/endpoint/\(everybody)", token: token).status == 404)
        for (method, path) in [
            ("PUT", ""), ("DELETE", ""), ("GET", "/secret"), ("POST", "/secret/rotate"), ("PUT", "/headers"),
        ] {
            let answer = await served.send(method, "/app/a/endpoint/\(id)\(path)", "{}")
            #expect(answer.status == 403 && answer["code"] == "declared_in_file", "\(method) \(path)")
        }
        let disabled = await served.send("PATCH", "/app/a/endpoint/\(id)", #"{"disabled":true}"#)
        #expect(disabled["disabled"] == "true" && disabled["disabledReason"] == "manual")
        #expect(await served.send("POST", "/app/a/msg/precheck/active", #"{"eventType":"x"}"#)["active"] == "false")
        #expect(await served.send("PATCH", "/app/a/endpoint/\(id)", #"{"disabled":false}"#)["disabled"] == "false")
        #expect(await served.send("POST", "/app/a/msg/precheck/active", #"{"eventType":"x"}"#)["active"] == "true")
        #expect(await served.send("PATCH", "/app/a/endpoint/\(id)", #"{"url":"http://x"}"#).status == 403)
        // Read-only tokens look, and no more.
        let reader = await served.send("POST", "/auth/app-portal-access/a", #"{"readOnly":true}"#)["token"]
        #expect(await served.send("PATCH", "/app/a/endpoint/\(id)", #"{"disabled":true}"#, token: reader).status == 403)
        #expect(await served.send("GET", "/app/a/endpoint/\(id)/stats", token: reader).text.contains("\"success\":0"))
        let since = #"{"since":"2020-01-01T00:00:00Z"}"#
        #expect(await served.send("POST", "/app/a/endpoint/\(id)/recover", since)["detail", "0", "loc", "1"] == "since")
    }
}
