import Testing
import WebhookCore

@testable import WebhooksServer

@Suite struct OperationTests {
    @Test func applications() async throws {
        let served = try await ServedStore()
        let made = await served.send(
            "POST",
            "/app",
            #"{"name":"North","uid":"school-7","metadata":{"plan":"a"},"rateLimit":3}"#
        )
        #expect(made.status == 201)
        #expect(made["id"]?.hasPrefix("app_") == true && made["id"]?.count == 31)
        #expect(made["throttleRate"] == "3" && made["rateLimit"] == "3" && made["metadata", "plan"] == "a")
        #expect(await served.send("POST", "/app", #"{"name":"X","uid":"school-7"}"#).status == 409)
        let again = await served.send("POST", "/app?get_if_exists=true", #"{"name":"X","uid":"school-7"}"#)
        #expect(again == Answer(status: 200, text: made.text))
        #expect(await served.send("GET", "/app/school-7").text == made.text)
        #expect(await served.send("GET", "/app/\(made["id"] ?? "")/").text == made.text)
        let changed = await served.send("PATCH", "/app/school-7", #"{"name":"South","uid":null,"metadata":null}"#)
        #expect(changed.status == 200)
        #expect(changed["name"] == "South" && changed["uid"] == "null" && changed["metadata", "plan"] == "a")
        let id = try #require(made["id"])
        // A full replacement takes the rest away.
        let replaced = await served.send("PUT", "/app/\(id)", #"{"name":"West"}"#)
        #expect(replaced["metadata"] == "{}" && replaced["throttleRate"] == "null")
        // One that is unknown is made, under its uid: a repetition finds it.
        #expect(await served.send("PUT", "/app/new-one", #"{"name":"New"}"#).status == 201)
        for _ in 0..<2 { #expect(await served.send("PUT", "/app/new-one", #"{"name":"New"}"#).status == 200) }
        #expect(await served.send("PUT", "/app/new-one", #"{"name":"New","uid":null}"#)["uid"] == "null")
        #expect(await served.send("DELETE", "/app/\(id)").status == 204)
        #expect(await served.send("GET", "/app/\(id)").status == 404)
        #expect(await served.send("DELETE", "/app/\(id)").status == 404)
    }

    @Test(arguments: [
        (#"{"uid":"a"}"#, "name"), (#"{"name":"a","uid":"app_x"}"#, "uid"), (#"{"name":"a","uid":"a/b"}"#, "uid"),
        (#"{"name":"a","throttleRate":0}"#, "throttleRate"), (#"{"name":"a","metadata":{"x":1}}"#, "metadata"),
        (#"{"name":"a","name":"b"}"#, "name"), (#"{"name":"\u0001"}"#, "name"), (#"{"name":null}"#, "name"),
    ])
    func badApplications(body: String, field: String) async throws {
        let answer = try await ServedStore().send("POST", "/app", body)
        #expect(answer.status == 422)
        #expect(answer["detail", "0", "loc", "1"] == field)
        #expect(answer["detail", "0", "msg"] != nil && answer["detail", "0", "type"] != nil)
    }

    @Test func pages() async throws {
        let served = try await ServedStore()
        for number in 1...5 { await served.send("POST", "/app", #"{"name":"\#(number)","uid":"u\#(number)"}"#) }
        let first = await served.send("GET", "/app?limit=2")
        #expect(first.ids("uid") == ["u1", "u2"] && first["done"] == "false")
        let second = await served.send("GET", "/app?limit=2&iterator=\(first["iterator"] ?? "")")
        #expect(second.ids("uid") == ["u3", "u4"])
        let third = await served.send("GET", "/app?limit=2&iterator=\(second["iterator"] ?? "")")
        #expect(third.ids("uid") == ["u5"] && third["done"] == "true")
        let back = await served.send("GET", "/app?limit=2&iterator=\(third["prevIterator"] ?? "")")
        #expect(back.ids("uid") == ["u3", "u4"] && back["done"] == "false")
        let start = await served.send("GET", "/app?limit=2&iterator=\(back["prevIterator"] ?? "")")
        #expect(start.ids("uid") == ["u1", "u2"] && start["done"] == "true")
        // Exactly as many as asked for, and no more.
        #expect(await served.send("GET", "/app?limit=5")["done"] == "true")
        let empty = await served.send("GET", "/event-type?iterator=")
        #expect(empty.text == #"{"data":[],"iterator":null,"done":true}"#)
        #expect(await served.send("GET", "/app?order=descending&limit=1").ids("uid") == ["u5"])
        for bad in [
            "limit=0", "limit=251", "limit=x", "iterator=nonsense", "order=up", "iterator=app_short",
            "iterator=-app_short", "iterator=app_zzzzzzzzzzzzzzzzzzzzzzzzzzz",
        ] {
            let answer = await served.send("GET", "/app?\(bad)")
            #expect(answer.status == 422 && answer["detail", "0", "loc", "0"] == "query", "\(bad)")
        }
        // One that is gone is compared by its order.
        await served.send("DELETE", "/app/u2")
        #expect(
            await served.send("GET", "/app?limit=2&iterator=\(first["iterator"] ?? "")").ids("uid") == ["u3", "u4"]
        )
    }

    @Test func eventTypes() async throws {
        let served = try await ServedStore()
        let body =
            #"{"name":"course.completed","description":"","schemas":{"1":{"type":"object"}},"featureFlag":"beta"}"#
        let made = await served.send("POST", "/event-type", body)
        #expect(made.status == 201)
        #expect(made["featureFlags", "0"] == "beta" && made["featureFlag"] == "beta" && made["archived"] == "false")
        let twice = await served.send("POST", "/event-type", body)
        #expect(twice.status == 409 && twice["code"] == "event_type_exists")
        #expect(await served.send("GET", "/event-type")["data", "0", "schemas"] == "null")
        #expect(
            await served.send("GET", "/event-type?with_content=true")["data", "0", "schemas", "1", "type"] == "object"
        )
        #expect(await served.send("DELETE", "/event-type/course.completed").status == 204)
        #expect(await served.send("GET", "/event-type").ids("name").isEmpty)
        #expect(await served.send("GET", "/event-type?include_archived=true").ids("name") == ["course.completed"])
        #expect(await served.send("GET", "/event-type/course.completed")["archived"] == "true")
        #expect(
            await served.send("POST", "/event-type", #"{"name":"course.completed","description":"again"}"#).status
                == 201
        )
        #expect(await served.send("GET", "/event-type/course.completed")["description"] == "again")
        #expect(await served.send("DELETE", "/event-type/course.completed?expunge=true").status == 204)
        #expect(await served.send("GET", "/event-type/course.completed").status == 404)
        #expect(await served.send("PUT", "/event-type/user.created", #"{"description":"d"}"#).status == 201)
        #expect(await served.send("PUT", "/event-type/user.created", #"{"description":"e"}"#).status == 200)
        let bad = await served.send(
            "POST",
            "/event-type",
            #"{"name":"x","description":"","schemas":{"1":{"type":"thing"}}}"#
        )
        #expect(bad.status == 422 && bad["detail", "0", "loc", "1"] == "schemas")
        #expect(await served.send("POST", "/event-type", #"{"name":"a..b","description":""}"#).status == 422)
    }

    @Test func importsWebhooksOfOpenAPI() async throws {
        let served = try await ServedStore()
        await served.send("PUT", "/event-type/old.one", #"{"description":""}"#)
        let spec =
            #"{"webhooks":{"user.created":{"post":{"description":"d","requestBody":{"content":{"application/json":{"schema":{"type":"object"}}}}}}}}"#
        let dry = await served.send("POST", "/event-type/import/openapi", #"{"dryRun":true,"spec":\#(spec)}"#)
        #expect(dry.status == 200 && dry["data", "to_modify", "0", "name"] == "user.created")
        #expect(await served.send("GET", "/event-type/user.created").status == 404)
        #expect(
            await served.send("POST", "/event-type/import/openapi", #"{"replaceAll":true,"spec":\#(spec)}"#).status
                == 200
        )
        #expect(await served.send("GET", "/event-type").ids("name") == ["user.created"])
        #expect(await served.send("POST", "/event-type/import/openapi", "{}").status == 400)
    }

    @Test func `an OpenAPI document may be given as YAML`() async throws {
        let served = try await ServedStore()
        func imported(_ text: String) async -> Answer {
            await served.send("POST", "/event-type/import/openapi", #"{"specRaw":\#(JSON.string(text))}"#)
        }
        let text = """
            openapi: 3.1.0
            webhooks:
              user.created: &hook
                post:
                  description: A user, "new"
                  deprecated: true
                  requestBody: { content: { application/json: { schema: { type: object, minProperties: 1 } } } }
              user.deleted: *hook
            """
        #expect(await imported(text)["data", "modified"] == #"["user.created","user.deleted"]"#)
        let type = await served.send("GET", "/event-type/user.created")
        #expect(type["description"] == #"A user, "new""# && type["deprecated"] == "true", "\(type.text)")
        #expect(type["schemas", "1"] == #"{"type":"object","minProperties":1}"#)
        #expect(await imported(#"{"webhooks":{"a.b":{"post":{}}}}"#)["data", "modified"] == #"["a.b"]"#)
        let bomb = (1...9).reduce("a0: &a0 [x]") { text, level in
            text + "\na\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ","))]"
        }
        for (text, reason) in [
            ("webhooks:\n  a: [", "line "), ("webhooks: *none", "anchor"), (bomb, "aliases"),
            ("a: " + String(repeating: "[", count: 200) + String(repeating: "]", count: 200), "deep"),
            ("#" + String(repeating: " ", count: 1 << 20), "1 MiB"),
        ] {
            let refused = await imported(text)
            #expect(refused.status == 422 && refused["detail", "0", "loc", "1"] == "specRaw", "\(refused.text)")
            #expect(refused["detail", "0", "msg"]?.contains(reason) == true, "\(reason): \(refused.text)")
        }
    }

    @Test func messages() async throws {
        let served = try await ServedStore()
        await served.send("POST", "/app", #"{"name":"A","uid":"a"}"#)
        let body =
            #"{"eventType":"course.completed","eventId":"e1","channels":["eu"],"tags":["t/1"],"payload":{"b":1.50, "a":[]}}"#
        let made = await served.send("POST", "/app/a/msg", body)
        #expect(made.status == 202)
        // Byte for byte.
        #expect(made["payload"] == #"{"b":1.50, "a":[]}"#)
        #expect(made["id"]?.count == 31 && made["eventId"] == "e1" && made["channels", "0"] == "eu")
        let taken = await served.send("POST", "/app/a/msg", body)
        #expect(taken.status == 409 && taken["detail"]?.contains(made["id"] ?? "-") == true)
        let id = try #require(made["id"])
        #expect(await served.send("GET", "/app/a/msg/\(id)").text == made.text)
        #expect(await served.send("GET", "/app/a/msg/e1").text == made.text)
        #expect(await served.send("GET", "/app/a/msg/e1?with_content=false")["payload"] == "{}")
        #expect(await served.send("GET", "/app/a/msg/none").status == 404)
        for (query, count) in [
            ("channel=eu", 1), ("channel=e", 0), ("tag=t/1", 1), ("event_types=x,course.completed", 1),
            ("event_types=x", 0),
        ] {
            #expect(await served.send("GET", "/app/a/msg?\(query)").ids().count == count, "\(query)")
        }
        #expect(await served.send("POST", "/app/b/msg", body).status == 404)
        let withApp = #"{"eventType":"x","payload":[],"application":{"name":"B","uid":"b"}}"#
        #expect(await served.send("POST", "/app/b/msg", withApp)["payload"] == "{}")
        #expect(await served.send("GET", "/app/b").status == 200)
        let mismatch = await served.send("POST", "/app/c/msg", withApp)
        #expect(mismatch.status == 422 && mismatch["detail", "0", "type"] == "application_uid_mismatch")
    }

    @Test(arguments: [
        (#"{"payload":{}}"#, "eventType"),
        (#"{"eventType":"webhooks.subscription.disabled","payload":{}}"#, "eventType"),
        (#"{"eventType":"x"}"#, "payload"),
        (#"{"eventType":"x","payload":1}"#, "payload"),
        (#"{"eventType":"x","payload":{},"channels":[]}"#, "channels"),
        (#"{"eventType":"x","payload":{},"tags":["a","b","c","d","e","f"]}"#, "tags"),
        (#"{"eventType":"x","payload":{},"deliverAt":"2020-01-01T00:00:00Z"}"#, "deliverAt"),
        (#"{"eventType":"x","payload":{},"payloadRetentionPeriod":0}"#, "payloadRetentionPeriod"),
        (
            #"{"eventType":"x","payload":{},"payloadRetentionPeriod":1,"payloadRetentionHours":1}"#,
            "payloadRetentionHours"
        ),
        (#"{"eventType":"x","payload":{},"eventId":"msg_1"}"#, "eventId"),
        (#"{"eventType":"x","payload":{},"transformationsParams":{"rawPayload":"text"}}"#, "transformationsParams"),
    ])
    func badMessages(body: String, field: String) async throws {
        let served = try await ServedStore()
        await served.send("POST", "/app", #"{"name":"A","uid":"a"}"#)
        let answer = await served.send("POST", "/app/a/msg", body)
        #expect(answer.status == 422)
        #expect(answer["detail", "0", "loc", "1"] == field)
        #expect(await served.send("GET", "/app/a/msg").ids().isEmpty)
    }

    @Test func pagesOfMessages() async throws {
        let served = try await ServedStore()
        await served.send("POST", "/app", #"{"name":"A","uid":"a"}"#)
        for number in 1...5 {
            await served.send("POST", "/app/a/msg", #"{"eventType":"x","eventId":"m\#(number)","payload":{}}"#)
        }
        // From elsewhere, with an id of its own.
        try await served.dispatcher.emit(Event(topic: "x", data: "[1]", id: "order-17", tenant: "a"))
        let first = await served.send("GET", "/app/a/msg?limit=2")
        #expect(first.ids() == ["order-17", await served.send("GET", "/app/a/msg/m5")["id"] ?? ""])
        #expect(first["data", "0", "payload", "data"] == "[1]")
        let one = await served.send("GET", "/app/a/msg?limit=1")
        #expect(one["iterator"]?.hasPrefix("row_") == true)
        #expect(
            await served.send("GET", "/app/a/msg?limit=1&iterator=\(one["iterator"] ?? "")").ids("eventId") == ["m5"]
        )
        let second = await served.send("GET", "/app/a/msg?limit=2&iterator=\(first["iterator"] ?? "")")
        #expect(second.ids("eventId") == ["m4", "m3"])
        let back = await served.send("GET", "/app/a/msg?limit=1&iterator=\(second["prevIterator"] ?? "")")
        #expect(back.ids("eventId") == ["m5"])
        // With a beginning alone: the oldest after it, newest first.
        let after = await served.send("GET", "/app/a/msg?limit=2&after=2020-01-01T00:00:00Z")
        #expect(after.ids("eventId") == ["m2", "m1"])
        #expect(await served.send("GET", "/app/a/msg?before=2020-01-01T00:00:00Z").ids().isEmpty)
    }

    @Test func answersAgain() async throws {
        let served = try await ServedStore()
        let first = await served.send("POST", "/app", #"{"name":"A"}"#, key: "auto_1")
        #expect(first.status == 201)
        #expect(await served.send("POST", "/app", #"{"name":"A"}"#, key: "auto_1") == first)
        // As other servers do: the body counts for nothing.
        #expect(await served.send("POST", "/app", #"{"name":"B"}"#, key: "auto_1") == first)
        #expect(await served.send("POST", "/app", #"{"name":"A"}"#, key: "auto_2") != first)
        #expect(await served.send("GET", "/app").ids().count == 2)
        // An error is not kept.
        #expect(await served.send("POST", "/app", "{}", key: "auto_3").status == 422)
        #expect(await served.send("POST", "/app", #"{"name":"C"}"#, key: "auto_3").status == 201)
        let id = first["id"] ?? ""
        let message = #"{"eventType":"x","payload":{},"eventId":"m1"}"#
        let sent = await served.send("POST", "/app/\(id)/msg", message, key: "auto_4")
        #expect(sent.status == 202)
        #expect(await served.send("POST", "/app/\(id)/msg", message, key: "auto_4") == sent)
        #expect(await served.send("GET", "/app/\(id)/msg").ids().count == 1)
        // Both at once.
        async let left = served.send("POST", "/app", #"{"name":"D"}"#, key: "auto_5")
        async let right = served.send("POST", "/app", #"{"name":"D"}"#, key: "auto_5")
        #expect(await left == right)
        // Also by a process that comes later.
        let reopened = try await ServedStore(after: served)
        #expect(await reopened.send("POST", "/app", #"{"name":"A"}"#, key: "auto_1") == first)
    }

    @Test func applicationTokens() async throws {
        let served = try await ServedStore()
        await served.send("POST", "/app", #"{"name":"A","uid":"a"}"#)
        await served.send("POST", "/app", #"{"name":"B","uid":"b"}"#)
        await served.send("POST", "/app/a/msg", #"{"eventType":"x","eventId":"same","payload":{"of":"a"}}"#)
        await served.send("POST", "/app/b/msg", #"{"eventType":"x","eventId":"same","payload":{"of":"b"}}"#)
        let access = await served.send("POST", "/auth/app-portal-access/a", #"{"sessionId":"s1"}"#)
        let token = try #require(access["token"])
        #expect(access["url"] == "http://127.0.0.1:8071")
        #expect(await served.send("GET", "/app/a", token: token).status == 200)
        #expect(await served.send("GET", "/app/a/msg/same", token: token)["payload", "of"] == "a")
        #expect(await served.send("GET", "/event-type", token: token).status == 200)
        for (method, target) in [
            ("GET", "/app"), ("POST", "/app"), ("PUT", "/app/a"), ("DELETE", "/app/a"), ("POST", "/app/a/msg"),
            ("DELETE", "/app/a/msg/same/content"), ("POST", "/event-type"), ("GET", "/background-task"),
            ("POST", "/auth/app-portal-access/a"),
        ] {
            #expect(await served.send(method, target, "{}", token: token).status == 403, "\(method) \(target)")
        }
        #expect(await served.send("POST", "/auth/logout", token: token).status == 204)
        #expect(await served.send("GET", "/app/a", token: token).status == 401)
        #expect(await served.send("POST", "/auth/logout").status == 400)
        let second = await served.send("POST", "/auth/app-portal-access/a", #"{"sessionId":"s2"}"#)["token"]
        #expect(await served.send("POST", "/auth/app/a/expire-all", #"{"sessionIds":["s1"]}"#).status == 204)
        #expect(await served.send("GET", "/app/a", token: second).status == 200)
        #expect(await served.send("POST", "/auth/app/a/expire-all").status == 204)
        #expect(await served.send("GET", "/app/a", token: second).status == 401)
    }

    @Test func `a token sees the tasks that it may ask for, and no others`() async throws {
        let served = try await ServedStore()
        for name in ["a", "b"] { await served.send("POST", "/app", #"{"name":"\#(name)","uid":"\#(name)"}"#) }
        await served.send("POST", "/app/a/endpoint", #"{"url":"https://a.example/","uid":"e"}"#)
        func token(_ app: String, _ body: String) async throws -> String {
            try #require(await served.send("POST", "/auth/app-portal-access/\(app)", body)["token"])
        }
        let may = try await token("a", #"{"capabilities":["CreateAttempts"]}"#)
        let since = #"{"since":"\#(Timestamp.now - .seconds(600))"}"#
        let begun = await served.send("POST", "/app/a/endpoint/e/recover", since, token: may)
        #expect(begun.status == 202, "\(begun.text)")
        let path = "/background-task/\(begun["id"] ?? "")"
        #expect(await served.send("GET", path, token: may)["id"] == begun["id"])
        let all = try await token("a", "{}")
        #expect(await served.send("GET", path, token: all).status == 200)
        for body in [#"{"capabilities":["ViewBase"]}"#, #"{"readOnly":true}"#] {
            #expect(await served.send("GET", path, token: try await token("a", body)).status == 403)
        }
        #expect(
            await served.send("GET", path, token: try await token("b", "{}")).status == 404,
            "another application's"
        )
        #expect(await served.send("GET", "/background-task", token: all).status == 403)
        let purge = await served.send("POST", "/app/a/msg/expunge-all-contents")
        let erasing = "/background-task/\(purge["id"] ?? "")"
        #expect(await served.send("GET", erasing, token: all).status == 404, "one of the organisation's")
        #expect(await served.send("GET", erasing).status == 200)
    }

    /// Two tenants with equal ids of everything: neither learns anything of the other, by any operation.
    @Test func tenantsAreApart() async throws {
        let served = try await ServedStore()
        var endpoints: [String: String] = [:]
        for name in ["a", "b"] {
            await served.send("POST", "/app", #"{"name":"\#(name)","uid":"\#(name)"}"#)
            await served.send(
                "POST",
                "/app/\(name)/msg",
                #"{"eventType":"x","eventId":"same","payload":{"of":"\#(name)"}}"#
            )
            let endpoint = await served.send(
                "POST",
                "/app/\(name)/endpoint",
                #"{"url":"https://of-\#(name).example/","uid":"same","headers":{"X-Of":"of-\#(name)"}}"#
            )
            endpoints[name] = endpoint["id"]
        }
        let token = try #require(await served.send("POST", "/auth/app-portal-access/a")["token"])
        let message = try #require(await served.send("GET", "/app/b/msg/same")["id"])
        let others = try #require(endpoints["b"])
        let before = await served.send("GET", "/app/b/endpoint/same").text
        func target(_ operation: WebhooksServer.Operation, _ values: [String: String]) -> String {
            values.reduce(String(operation.path.dropFirst("/api/v1".count))) {
                $0.replacing("{\($1.key)}", with: $1.value)
            }
        }
        let foreign = ["msg_id": message, "endpoint_id": others, "attempt_id": "atmpt_x"]
        let equal = ["msg_id": "same", "endpoint_id": "same", "attempt_id": "atmpt_x"]
        for operation in WebhooksAPI.operations where operation.path.contains("{app_id}") {
            let change = operation.path.hasSuffix("/endpoint/{endpoint_id}") ? #"{"url":"https://x.example/"}"# : "{}"
            // The other's, by its ids and by the equal ones.
            for values in [foreign, equal] {
                let path = target(operation, values.merging(["app_id": "b"]) { $1 })
                let answer = await served.send(operation.method, path, change, token: token)
                #expect([403, 404].contains(answer.status), "\(operation.name): \(answer.text)")
                #expect(!answer.text.contains("of-b") && !answer.text.contains("\"of\""), "\(operation.name)")
            }
            // The other's things under one's own application, for its token and for the organisation's.
            guard operation.path.contains("{msg_id}") || operation.path.contains("{endpoint_id}") else { continue }
            for token in [token, ServedStore.token] {
                let path = target(operation, foreign.merging(["app_id": "a"]) { $1 })
                let mixed = await served.send(operation.method, path, change, token: token)
                #expect([403, 404].contains(mixed.status), "\(operation.name): \(mixed.text)")
                #expect(!mixed.text.contains("of-b"), "\(operation.name)")
            }
            // One's own, by the equal ids.
            guard operation.method == "GET" else { continue }
            let own = await served.send("GET", target(operation, equal.merging(["app_id": "a"]) { $1 }), token: token)
            #expect(!own.text.contains("of-b") && !own.text.contains(others), "\(operation.name): \(own.text)")
        }
        #expect(await served.send("GET", "/app/b/msg/same")["payload", "of"] == "b")
        #expect(await served.send("GET", "/app/b/endpoint/same").text == before)
        #expect(await served.send("GET", "/app/b/endpoint/same/headers")["headers", "X-Of"] == "of-b")
        #expect(await served.send("GET", "/app/a/endpoint").ids() == [endpoints["a"] ?? ""])
    }

    @Test func aTenantIsNotHandedOn() async throws {
        let served = try await ServedStore()
        await served.send("POST", "/app", #"{"name":"A","uid":"a"}"#)
        await served.send("POST", "/app/a/msg", #"{"eventType":"x","payload":{"of":"first"}}"#)
        await served.send("DELETE", "/app/a")
        #expect(await served.send("POST", "/app", #"{"name":"Other","uid":"a"}"#).status == 201)
        #expect(await served.send("GET", "/app/a/msg").ids().isEmpty)
    }
}
