import Testing
import WebhookCore

@testable import WebhooksServer

/// Two requests that ask for the same at once: one makes it, and both succeed. Here the other is always answered between a
/// request's look at what is there and its own change.
@Suite struct SimultaneousRequestTests {
    /// A request of the organisation's, as its operation gets it.
    private static func context(
        _ served: ServedStore,
        _ method: String,
        _ target: String,
        _ body: String,
        _ parameters: [String: String] = [:]
    ) -> APIContext {
        let request = APIRequest(method: method, target: "/api/v1" + target, body: ByteString(body))
        return APIContext(
            api: served.api,
            request: request,
            query: QueryParameters(request.target),
            parameters: parameters,
            caller: .organisation(token: Digest.token(ServedStore.token)),
            now: .now
        )
    }

    @Test func `an application that is asked for twice at once is made once`() async throws {
        let served = try await ServedStore()
        let body = #"{"name":"A","uid":"a"}"#
        let target = "/app?get_if_exists=true"
        let context = Self.context(served, "POST", target, body)
        var other: Answer?
        let answer = try await ApplicationOperations.create(context) { uid throws(APIError) in
            let known = try await context.read { store throws(StoreError) in try await store.application(uid) }
            if other == nil { other = await served.send("POST", target, body) }
            return known
        }
        #expect(other?.status == 201 && answer.status == 200, "\(answer.bytes.text)")
        #expect(other?.text == answer.bytes.text)
        #expect(await served.send("GET", "/app").ids("uid") == ["a"])
    }

    @Test func `an application that is put twice at once is made and replaced`() async throws {
        let served = try await ServedStore()
        let context = Self.context(served, "PUT", "/app/a", #"{"name":"Second"}"#, ["app_id": "a"])
        var other: Answer?
        let answer = try await ApplicationOperations.put(context) { () async throws(APIError) in
            let known = try await context.applicationIfKnown()
            if other == nil { other = await served.send("PUT", "/app/a", #"{"name":"First"}"#) }
            return known
        }
        #expect(other?.status == 201 && answer.status == 200, "\(answer.bytes.text)")
        let shown = await served.send("GET", "/app/a")
        #expect(shown["name"] == "Second" && shown["id"] == other?["id"])
    }

    @Test func `an application that is deleted while it is replaced is made once more`() async throws {
        let served = try await ServedStore()
        await served.send("POST", "/app", #"{"name":"A","uid":"a"}"#)
        let context = Self.context(served, "PUT", "/app/a", #"{"name":"B"}"#, ["app_id": "a"])
        var other: Answer?
        let answer = try await ApplicationOperations.put(context) { () async throws(APIError) in
            let known = try await context.applicationIfKnown()
            if other == nil { other = await served.send("DELETE", "/app/a") }
            return known
        }
        #expect(other?.status == 204 && answer.status == 201, "\(answer.bytes.text)")
        #expect(await served.send("GET", "/app/a")["name"] == "B")
    }

    @Test func `a uid that is another application's is refused still`() async throws {
        let served = try await ServedStore()
        await served.send("POST", "/app", #"{"name":"A","uid":"a"}"#)
        let taken = await served.send("PUT", "/app/b", #"{"name":"B","uid":"a"}"#)
        #expect(taken.status == 409 && taken["code"] == "conflict", "\(taken.text)")
        #expect(await served.send("POST", "/app", #"{"name":"B","uid":"a"}"#).status == 409)
    }

    @Test func `an endpoint that is put twice at once is made and replaced`() async throws {
        let served = try await EndpointTests.served()
        let body = #"{"url":"https://second.example/"}"#
        let parameters = ["app_id": "a", "endpoint_id": "crm"]
        let context = Self.context(served, "PUT", "/app/a/endpoint/crm", body, parameters)
        var other: Answer?
        let answer = try await EndpointOperations.put(context) { reference, application throws(APIError) in
            let known = try await context.endpointIfKnown(reference, in: application)
            if other == nil {
                other = await served.send("PUT", "/app/a/endpoint/crm", #"{"url":"https://first.example/"}"#)
            }
            return known
        }
        #expect(other?.status == 201 && answer.status == 200, "\(answer.bytes.text)")
        #expect(await served.send("GET", "/app/a/endpoint").ids() == [other?["id"] ?? ""])
        #expect(await served.send("GET", "/app/a/endpoint/crm")["url"] == "https://second.example/")
    }

    @Test func `an event type that is put twice at once is made and replaced`() async throws {
        let served = try await ServedStore()
        let parameters = ["event_type_name": "user.created"]
        let context = Self.context(served, "PUT", "/event-type/user.created", #"{"description":"2"}"#, parameters)
        var other: Answer?
        let answer = try await EventTypeOperations.put(context) { name throws(APIError) in
            let known = try await context.read { store throws(StoreError) in try await store.eventType(name) }
            if other == nil { other = await served.send("PUT", "/event-type/user.created", #"{"description":"1"}"#) }
            return known
        }
        #expect(other?.status == 201 && answer.status == 200, "\(answer.bytes.text)")
        let shown = await served.send("GET", "/event-type/user.created")
        #expect(shown["description"] == "2" && shown["createdAt"] == other?["createdAt"])
    }

    @Test func `event types that are imported twice at once are made once`() async throws {
        let served = try await ServedStore()
        let body = #"{"spec":{"webhooks":{"user.created":{"post":{"description":"d"}}}}}"#
        let context = Self.context(served, "POST", "/event-type/import/openapi", body)
        var other: Answer?
        let answer = try await EventTypeOperations.importOpenAPI(context) { () async throws(APIError) in
            let known = try await context.read { store throws(StoreError) in
                try await store.eventTypes(PageWalk(limit: 10), archived: true)
            }
            if other == nil { other = await served.send("POST", "/event-type/import/openapi", body) }
            return known
        }
        #expect(other?.status == 200 && answer.status == 200, "\(answer.bytes.text)")
        #expect(await served.send("GET", "/event-type").ids("name") == ["user.created"])
    }

    @Test func `an application that a token brings along is made once`() async throws {
        let served = try await ServedStore()
        let body = #"{"application":{"name":"A","uid":"a"}}"#
        let context = Self.context(served, "POST", "/auth/app-portal-access/a", body, ["app_id": "a"])
        var other: Answer?
        let answer = try await TokenOperations.access(context) { () async throws(APIError) in
            let known = try await context.applicationIfKnown()
            if other == nil { other = await served.send("POST", "/auth/app-portal-access/a", body) }
            return known
        }
        #expect(other?.status == 200 && answer.status == 200, "\(answer.bytes.text)")
        let token = (try? JSON.parse(answer.bytes))?["token"]?.string
        #expect(await served.send("GET", "/app/a", token: token).status == 200)
    }
}
