import Foundation
import Testing
import WebhookCore
import WebhookReceiver

@testable import WebhooksServer

/// Endpoints that are made through the API and kept in the store.
@Suite struct EndpointTests {
    /// A store with the application `a`, and two event types.
    static func served(_ subscriptions: String = "[]") async throws -> ServedStore {
        let served = try await ServedStore(subscriptions: subscriptions)
        await served.send("POST", "/app", #"{"name":"A","uid":"a"}"#)
        for name in ["user.created", "user.deleted"] {
            await served.send("POST", "/event-type", #"{"name":"\#(name)","description":""}"#)
        }
        return served
    }

    /// The fields that a problem is about.
    static func places(_ answer: Answer) -> [String] {
        (answer.json?["detail"]?.array ?? []).map { problem in
            (problem["loc"]?.array ?? []).compactMap(\.string).joined(separator: ".")
        }
    }

    @Test func `an application has as many endpoints as it may, and no more`() async throws {
        let served = try await ServedStore(server: "maxEndpoints: 2")
        for uid in ["a", "b"] { await served.send("POST", "/app", #"{"name":"A","uid":"\#(uid)"}"#) }
        let endpoint = #"{"url":"https://a.example/"}"#
        for _ in 0..<2 { #expect(await served.send("POST", "/app/a/endpoint", endpoint).status == 201) }
        for (method, path) in [("POST", ""), ("PUT", "/third")] {
            let refused = await served.send(method, "/app/a/endpoint\(path)", endpoint)
            #expect(refused.status == 400 && refused["code"] == "limit_reached", "\(refused.text)")
            #expect(refused["detail"]?.contains("has 2 endpoints") == true, "\(refused.text)")
        }
        #expect(await served.send("POST", "/app/b/endpoint", endpoint).status == 201)
        let first = try #require(await served.send("GET", "/app/a/endpoint").ids().first)
        #expect(await served.send("DELETE", "/app/a/endpoint/\(first)").status == 204)
        #expect(await served.send("POST", "/app/a/endpoint", endpoint).status == 201)
    }

    // A client sends a request about such an id to the application itself: DELETE would delete that.
    @Test(arguments: [".", ".."]) func `no id is one that a path can't hold`(_ uid: String) async throws {
        let served = try await Self.served()
        let endpoint = #"{"url":"https://a.example/","uid":"\#(uid)"}"#
        #expect(Self.places(await served.send("POST", "/app/a/endpoint", endpoint)) == ["body.uid"])
        let message = #"{"eventType":"user.created","payload":{},"eventId":"\#(uid)"}"#
        #expect(Self.places(await served.send("POST", "/app/a/msg", message)) == ["body.eventId"])
        #expect(Self.places(await served.send("POST", "/app", #"{"name":"B","uid":"\#(uid)"}"#)) == ["body.uid"])
    }

    @Test func `an endpoint has what it was given, and defaults for the rest`() async throws {
        let served = try await Self.served()
        let body = """
            {"url":"HTTPS://Hooks.Example.ORG","description":"CRM\\nof the school","uid":"crm","disabled":true,
             "filterTypes":["user.created"],"channels":["eu"],"rateLimit":20,"version":3,"metadata":{"plan":"a"}}
            """
        let made = await served.send("POST", "/app/a/endpoint", body)
        #expect(made.status == 201, "\(made.text)")
        let id = try #require(made["id"])
        #expect(id.hasPrefix("ep_") && id.count == 30)
        #expect(made["url"] == "https://hooks.example.org/" && made["description"] == "CRM\nof the school")
        #expect(made["uid"] == "crm" && made["disabled"] == "true" && made["disabledReason"] == "manual")
        #expect(made["eventTypes"] == #"["user.created"]"# && made["filterTypes"] == #"["user.created"]"#)
        #expect(made["channels"] == #"["eu"]"# && made["throttleRate"] == "20" && made["rateLimit"] == "20")
        #expect(made["version"] == "3" && made["metadata"] == #"{"plan":"a"}"#)
        #expect(made["webhooks", "profile"] == EndpointDraft.standardProfile)
        #expect(made["secret"] == nil && made["headers"] == nil)
        for reference in [id, "crm"] {
            #expect(await served.send("GET", "/app/a/endpoint/\(reference)").text == made.text)
        }
        let plain = await served.send("POST", "/app/a/endpoint", #"{"url":"https://hooks.example.org/in"}"#)
        for (name, value) in [
            ("uid", "null"), ("description", ""), ("disabled", "false"), ("eventTypes", "null"), ("channels", "null"),
            ("throttleRate", "null"), ("version", "1"), ("metadata", "{}"),
        ] {
            #expect(plain[name] == value, "\(name)")
        }
        // Newest first, unless it is asked for otherwise.
        let both = [try #require(plain["id"]), id]
        #expect(await served.send("GET", "/app/a/endpoint").ids() == both)
        #expect(await served.send("GET", "/app/a/endpoint?order=ascending").ids() == both.reversed())
        let first = await served.send("GET", "/app/a/endpoint?limit=1")
        #expect(first.ids() == [both[0]] && first["done"] == "false")
        let next = await served.send("GET", "/app/a/endpoint?limit=1&iterator=\(first["iterator"] ?? "")")
        #expect(next.ids() == [both[1]] && next["done"] == "true")
        #expect(
            await served.send("GET", "/app/a/endpoint?limit=1&iterator=\(next["prevIterator"] ?? "")").ids() == [
                both[0]
            ]
        )
    }

    @Test func `a replacement takes the rest away, a change leaves it`() async throws {
        let served = try await Self.served()
        let body =
            #"{"url":"https://a.example/","uid":"crm","eventTypes":["user.created"],"channels":["eu"],"throttleRate":5,"metadata":{"a":"b"},"disabled":true,"secret":"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw","headers":{"X-One":"1"}}"#
        let made = await served.send("POST", "/app/a/endpoint", body)
        let id = try #require(made["id"])
        let changed = await served.send("PATCH", "/app/a/endpoint/crm", #"{"description":"d","metadata":null}"#)
        #expect(changed.status == 200, "\(changed.text)")
        #expect(changed["description"] == "d" && changed["metadata"] == #"{"a":"b"}"# && changed["uid"] == "crm")
        #expect(changed["disabled"] == "true" && changed["channels"] == #"["eu"]"# && changed["throttleRate"] == "5")
        let cleared = await served.send(
            "PATCH",
            "/app/a/endpoint/crm",
            #"{"uid":null,"channels":null,"rateLimit":null,"eventTypes":null,"url":"https://b.example/"}"#
        )
        #expect(cleared["uid"] == "null" && cleared["channels"] == "null" && cleared["throttleRate"] == "null")
        #expect(cleared["eventTypes"] == "null" && cleared["url"] == "https://b.example/")
        #expect(await served.send("GET", "/app/a/endpoint/crm").status == 404)
        await served.send("PATCH", "/app/a/endpoint/\(id)", #"{"uid":"crm","channels":["us"]}"#)
        let replaced = await served.send("PUT", "/app/a/endpoint/\(id)", #"{"url":"https://c.example/"}"#)
        #expect(replaced.status == 200, "\(replaced.text)")
        for (name, value) in [
            ("uid", "null"), ("description", ""), ("disabled", "false"), ("channels", "null"), ("metadata", "{}"),
        ] {
            #expect(replaced[name] == value, "\(name)")
        }
        // But for what has paths of its own.
        #expect(
            await served.send("GET", "/app/a/endpoint/\(id)/secret")["key"] == "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        )
        #expect(await served.send("GET", "/app/a/endpoint/\(id)/headers")["headers", "X-One"] == "1")
        // One that is unknown is made, under its uid: a repetition finds it.
        let new = await served.send("PUT", "/app/a/endpoint/new-one", #"{"url":"https://d.example/"}"#)
        #expect(new.status == 201 && new["uid"] == "new-one")
        for _ in 0..<2 {
            #expect(await served.send("PUT", "/app/a/endpoint/new-one", #"{"url":"https://d.example/"}"#).status == 200)
        }
        let deleted = await served.send("DELETE", "/app/a/endpoint/new-one")
        #expect(deleted.status == 204, "\(deleted.text)")
        #expect(await served.send("DELETE", "/app/a/endpoint/new-one").status == 404)
        #expect(await served.send("GET", "/app/a/endpoint/new-one").status == 404)
        // The uid is free again.
        #expect(await served.send("PUT", "/app/a/endpoint/new-one", #"{"url":"https://d.example/"}"#).status == 201)
    }

    @Test(arguments: [
        ("{}", "body.url"), (#"{"url":null}"#, "body.url"), (#"{"url":"ftp://a.example/"}"#, "body.url"),
        (#"{"url":"https://10.0.0.1/"}"#, "body.url"), (#"{"url":"https://169.254.169.254/latest"}"#, "body.url"),
        (#"{"url":"https://[::1]/"}"#, "body.url"), (#"{"url":"https://user:x@a.example/"}"#, "body.url"),
        (#"{"url":"https://a.example/#x"}"#, "body.url"), (#"{"url":"https://a.example\\@b.example/"}"#, "body.url"),
        (#"{"url":"https://a.example/","url":"https://b.example/"}"#, "body.url"),
        (#"{"url":"https://a.example/","eventTypes":[]}"#, "body.eventTypes"),
        (#"{"url":"https://a.example/","filterTypes":["user.created","user.created"]}"#, "body.filterTypes"),
        (#"{"url":"https://a.example/","eventTypes":["user.created","user.gone"]}"#, "body.eventTypes"),
        (#"{"url":"https://a.example/","channels":[]}"#, "body.channels"),
        (#"{"url":"https://a.example/","throttleRate":0}"#, "body.throttleRate"),
        (#"{"url":"https://a.example/","uid":"ep_1"}"#, "body.uid"),
        (#"{"url":"https://a.example/","secret":"short"}"#, "body.secret"),
        (#"{"url":"https://a.example/","secret":"whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}"#, "body.secret"),
        (#"{"url":"https://a.example/","headers":{"Content-Type":"a"}}"#, "body.headers.Content-Type"),
        (#"{"url":"https://a.example/","headers":{"Svix-Id":"a"}}"#, "body.headers.Svix-Id"),
        (#"{"url":"https://a.example/","headers":{"X Y":"a"}}"#, "body.headers.X Y"),
        (#"{"url":"https://a.example/","headers":{"X-A":"a\nb"}}"#, "body.headers.X-A"),
        (#"{"url":"https://a.example/","headers":{"X-A":"a","x-a":"b"}}"#, "body.headers.x-a"),
        (#"{"url":"https://a.example/","metadata":{"webhooks.source":"x"}}"#, "body.metadata"),
        (#"{"url":"https://a.example/","metadata":{"webhooks.profile":"none"}}"#, "body.metadata.webhooks.profile"),
        (#"{"url":"https://a.example/","webhooks":{"profile":"none"}}"#, "body.webhooks.profile"),
        (#"{"url":"https://a.example/","webhooks":{"secrets":["x"]}}"#, "body.webhooks"),
        (
            #"{"url":"https://a.example/","webhooks":{"delivery":{"timeout":"never"}}}"#,
            "body.webhooks.delivery.timeout"
        ),
        (
            #"{"url":"https://a.example/","webhooks":{"filter":{"data.x":{"huh":1}}}}"#,
            "body.webhooks.filter.data.x.huh"
        ),
        (#"{"url":"https://a.example/","webhooks":{"topics":["User..x"]}}"#, "body.webhooks.topics.0"),
        (
            #"{"url":"https://a.example/","eventTypes":["user.created"],"webhooks":{"topics":["a.*"]}}"#,
            "body.eventTypes"
        ),
        (#"{"url":"https://a.example/","description":"\u0001"}"#, "body.description"),
        // A profile that doesn't sign: nothing is said of a secret.
        (#"{"url":"https://10.0.0.1/","webhooks":{"profile":"slack"}}"#, "body.url"),
    ])
    func `what is wrong with an endpoint is said at its place, and nothing is kept`(
        body: String,
        place: String
    ) async throws {
        let served = try await Self.served()
        let answer = await served.send("POST", "/app/a/endpoint", body)
        #expect(answer.status == 422, "\(answer.text)")
        let places = Self.places(answer)
        #expect(places.count == 1 && places[0].hasPrefix(place), "\(answer.text)")
        #expect(await served.send("GET", "/app/a/endpoint").ids().isEmpty)
    }

    @Test func `a private address is refused with what the operator can do`() async throws {
        let served = try await Self.served()
        let answer = await served.send("POST", "/app/a/endpoint", #"{"url":"https://192.168.1.1/"}"#)
        #expect(answer["detail", "0", "msg"]?.contains("egress.allow") == true, "\(answer.text)")
        let made = await served.send("POST", "/app/a/endpoint", #"{"url":"https://a.example/"}"#)
        let id = made["id"] ?? ""
        for method in ["PUT", "PATCH"] {
            let bad = await served.send(method, "/app/a/endpoint/\(id)", #"{"url":"https://192.168.1.1/"}"#)
            #expect(bad.status == 422 && Self.places(bad) == ["body.url"])
        }
        #expect(await served.send("GET", "/app/a/endpoint/\(id)").text == made.text)
    }

    @Test func `uids are unique in an application, and no further`() async throws {
        let served = try await Self.served()
        await served.send("POST", "/app", #"{"name":"B","uid":"b"}"#)
        let body = #"{"url":"https://a.example/","uid":"same"}"#
        #expect(await served.send("POST", "/app/a/endpoint", body).status == 201)
        #expect(await served.send("POST", "/app/b/endpoint", body).status == 201)
        #expect(await served.send("POST", "/app/a/endpoint", body).status == 409)
        let other = await served.send("POST", "/app/a/endpoint", #"{"url":"https://a.example/","uid":"other"}"#)
        let taken = await served.send("PATCH", "/app/a/endpoint/other", #"{"uid":"same"}"#)
        #expect(taken.status == 409 && taken["code"] == "conflict")
        // Another application's endpoint is none, by whatever name.
        let id = other["id"] ?? ""
        for (method, path) in [
            ("GET", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/secret"), ("POST", "/secret/rotate"),
            ("GET", "/headers"), ("PUT", "/headers"), ("GET", "/stats"),
        ] {
            #expect(await served.send(method, "/app/b/endpoint/\(id)\(path)", "{}").status == 404, "\(method) \(path)")
        }
        #expect(await served.send("GET", "/app/a/endpoint/\(id)").status == 200)
    }

    @Test func `the extension says what the file can say`() async throws {
        let served = try await Self.served()
        let made = await served.send(
            "POST",
            "/app/a/endpoint",
            """
            {"url":"https://a.example/","throttleRate":3,"webhooks":{"profile":"standard","topics":["user.*"],
             "basicAuth":{"username":"u","password":"hidden-word"},"filter":{"data.x":1},"delivery":{"timeout":"9s"},
             "body":"{\\"id\\":\\"{{event.id}}\\"}","bodyType":"application/json"}}
            """
        )
        #expect(made.status == 201, "\(made.text)")
        #expect(made["webhooks", "profile"] == "standard" && made["webhooks", "topics"] == #"["user.*"]"#)
        #expect(made["webhooks", "delivery"] == #"{"timeout":"9s"}"# && made["throttleRate"] == "3")
        #expect(!made.text.contains("hidden-word") && made["webhooks", "basicAuth"] == nil)
        let path = "/app/a/endpoint/\(made["id"] ?? "")"
        let changed = await served.send(
            "PATCH",
            path,
            #"{"webhooks":{"filter":null,"body":null,"contentType":null,"title":"CRM","bearer":"another-word"}}"#
        )
        #expect(changed.status == 200, "\(changed.text)")
        #expect(changed["webhooks", "filter"] == nil && changed["webhooks", "body"] == nil)
        #expect(changed["webhooks", "delivery", "timeout"] == "9s" && changed["webhooks", "title"] == "CRM")
        #expect(changed["description"] == "" && changed["throttleRate"] == "3")
        #expect(await served.send("GET", path + "/headers")["sensitive"] == #"["Authorization"]"#)
        // A client that knows nothing of it leaves it alone.
        let kept = await served.send("PUT", path, #"{"url":"https://b.example/"}"#)
        #expect(
            kept["webhooks", "profile"] == "standard" && kept["webhooks", "topics"] == #"["user.*"]"#,
            "\(kept.text)"
        )
        let gone = await served.send("PUT", path, #"{"url":"https://b.example/","webhooks":{}}"#)
        #expect(gone["webhooks"] == #"{"profile":"\#(EndpointDraft.standardProfile)"}"#, "\(gone.text)")
        #expect(await served.send("GET", path + "/headers")["sensitive"] == "[]")
        let chosen = await served.send("PATCH", path, #"{"metadata":{"webhooks.profile":"slack"}}"#)
        #expect(chosen["webhooks", "profile"] == "slack", "\(chosen.text)")
        // It doesn't sign: there is no secret, until the profile is another again.
        #expect(await served.send("GET", path + "/secret").status == 404)
        // What the metadata say last counts, though the extension has said otherwise meanwhile.
        await served.send("PATCH", path, #"{"webhooks":{"profile":"standard"}}"#)
        let again = await served.send("PATCH", path, #"{"metadata":{"webhooks.profile":"slack"}}"#)
        #expect(again["webhooks", "profile"] == "slack", "\(again.text)")
        let back = await served.send("PATCH", path, #"{"metadata":{}}"#)
        #expect(back["webhooks", "profile"] == EndpointDraft.standardProfile)
        #expect(await served.send("GET", path + "/secret").status == 200)
    }

    @Test func `a repeated request gets the first answer, and does nothing`() async throws {
        let served = try await Self.served()
        let body = #"{"url":"https://a.example/","uid":"crm"}"#
        let first = await served.send("POST", "/app/a/endpoint", body, key: "auto_1")
        #expect(await served.send("POST", "/app/a/endpoint", body, key: "auto_1") == first)
        #expect(await served.send("POST", "/app/a/endpoint", body, key: "auto_2").status == 409)
        #expect(await served.send("GET", "/app/a/endpoint").ids() == [first["id"] ?? ""])
    }

    @Test(.timeLimit(.minutes(1))) func `a change is in force for the next message`() async throws {
        let receiver = try Receiver { _ in .noContent }
        defer { receiver.stop() }
        let served = try await Self.served()
        let running = Task { [dispatcher = served.dispatcher] in try await dispatcher.run() }
        let message = #"{"eventType":"user.created","payload":{"n":1}}"#
        for number in 1...4 {
            let body = #"{"url":"\#(receiver.url)/\#(number)","uid":"e\#(number)"}"#
            #expect(await served.send("POST", "/app/a/endpoint", body).status == 201)
            #expect(await served.send("POST", "/app/a/msg", message).status == 202)
        }
        // 1 + 2 + 3 + 4, each the event's data and nothing else.
        let requests = try await receiver.waitForRequests(count: 10)
        #expect(requests.allSatisfy { $0.body.text == #"{"n":1}"# })
        let counts = Dictionary(grouping: requests, by: \.target).mapValues(\.count)
        #expect(counts == ["/1": 4, "/2": 3, "/3": 2, "/4": 1])
        await served.send("PATCH", "/app/a/endpoint/e1", #"{"url":"\#(receiver.url)/moved"}"#)
        await served.send("PATCH", "/app/a/endpoint/e2", #"{"eventTypes":["user.deleted"]}"#)
        await served.send("PATCH", "/app/a/endpoint/e3", #"{"disabled":true}"#)
        await served.send("DELETE", "/app/a/endpoint/e4")
        let sent = await served.send("POST", "/app/a/msg", message)
        #expect(try await receiver.waitForRequests(count: 11).last?.target == "/moved")
        let destinations = await served.send("GET", "/app/a/msg/\(sent["id"] ?? "")/endpoint")
        #expect(destinations.ids("uid").filter { $0 != "e3" } == ["e1"], "\(destinations.text)")
        await served.send("DELETE", "/app/a")
        served.dispatcher.shutDown()
        try await running.value
        #expect(receiver.requests.count == 11)
    }

    @Test func `what the file declares, only the file changes`() async throws {
        let file = """

              - { name: own, title: Own, url: "https://own.example/in", topics: ["user.*"], tenant: a, profile: standard, secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw], headers: { X-A: b } }
              - { name: all, url: "https://all.example/in", topics: ["**"], profile: standard, secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw] }
            """
        let served = try await Self.served(file)
        let stored = await served.send("POST", "/app/a/endpoint", #"{"url":"https://a.example/"}"#)
        let token = try #require(await served.send("POST", "/auth/app-portal-access/a")["token"])
        let all = await served.send("GET", "/app/a/endpoint")
        #expect(all.ids().count == 3 && all.ids() == all.ids().sorted(by: >))
        let seen = await served.send("GET", "/app/a/endpoint", token: token)
        #expect(seen.ids().count == 2 && seen.ids().contains(stored["id"] ?? ""))
        let own = try #require(seen.ids().first { $0 != stored["id"] })
        // Its name is no uid: an application may use that.
        #expect(await served.send("GET", "/app/a/endpoint/own").status == 404)
        let shown = await served.send("GET", "/app/a/endpoint/\(own)", token: token)
        #expect(shown["metadata", "webhooks.name"] == "own" && shown["description"] == "Own")
        for (method, path) in [
            ("PUT", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/secret"), ("POST", "/secret/rotate"),
            ("PUT", "/headers"), ("PATCH", "/headers"),
        ] {
            let answer = await served.send(method, "/app/a/endpoint/\(own)\(path)", #"{"url":"https://x.example/"}"#)
            #expect(answer.status == 403 && answer["code"] == "declared_in_file", "\(method) \(path) \(answer.text)")
        }
        #expect(
            await served.send("GET", "/app/a/endpoint/\(own)/headers").text == #"{"headers":{},"sensitive":["X-A"]}"#
        )
        #expect(await served.send("PATCH", "/app/a/endpoint/\(own)", #"{"disabled":true}"#)["disabled"] == "true")
        #expect(await served.send("PATCH", "/app/a/endpoint/\(own)", #"{"disabled":false}"#)["disabled"] == "false")
        // The application goes with what was made through the API alone.
        #expect(await served.send("DELETE", "/app/a").status == 204)
        let rows = try await (served.dispatcher.platformStore() as? any SubscriptionStore)?
            .storedSubscriptions(ofTenant: "a", PageWalk(limit: 10))
        #expect(rows?.isEmpty == true)
        #expect(served.dispatcher.registry.subscriptions.contains { $0.name == "own" })
    }

    @Test func `tokens of an application do with endpoints what they are for`() async throws {
        let served = try await Self.served()
        func token(_ body: String) async throws -> String {
            try #require(await served.send("POST", "/auth/app-portal-access/a", body)["token"])
        }
        let body = #"{"url":"https://a.example/"}"#
        let full = try await token("{}")
        let made = await served.send("POST", "/app/a/endpoint", body, token: full)
        #expect(made.status == 201)
        let path = "/app/a/endpoint/\(made["id"] ?? "")"
        for (rights, allowed) in [
            (#"{"readOnly":true}"#, ["GET", "GET /headers", "GET /secret"]),
            (#"{"capabilities":["ViewBase"]}"#, ["GET", "GET /headers"]),
            (#"{"capabilities":["ViewEndpointSecret"]}"#, ["GET", "GET /headers", "GET /secret"]),
            (
                #"{"capabilities":["ManageEndpoint"]}"#,
                ["GET", "GET /headers", "PATCH", "PUT", "PUT /headers", "PATCH /headers"]
            ),
            (
                #"{"capabilities":["ManageEndpointSecret"]}"#,
                ["GET", "GET /headers", "GET /secret", "POST /secret/rotate"]
            ),
        ] {
            let token = try await token(rights)
            for (method, rest) in [
                ("GET", ""), ("GET", "/headers"), ("GET", "/secret"), ("PATCH", ""), ("PUT", ""), ("PUT", "/headers"),
                ("PATCH", "/headers"), ("POST", "/secret/rotate"),
            ] {
                let answer = await served.send(
                    method,
                    path + rest,
                    rest == "/headers" ? #"{"headers":{}}"# : body,
                    token: token
                )
                let isAllowed = allowed.contains(rest.isEmpty ? method : "\(method) \(rest)")
                #expect(
                    isAllowed ? answer.status < 300 : answer.status == 403,
                    "\(rights) \(method) \(rest): \(answer.text)"
                )
            }
        }
    }
}
