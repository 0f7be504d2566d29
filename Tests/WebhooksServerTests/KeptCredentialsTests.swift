import Testing
import WebhookCore

@testable import WebhooksServer

/// Credentials that an application's token need not know: what changes of an endpoint would bring them to another origin.
@Suite struct KeptCredentialsTests {
    /// What the organisation has made, what the token's holder asks for one after the other, and the answers' statuses.
    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var made: String
        var asked: [(method: String, body: String)]
        var statuses: [Int]
    }

    private static let secret = #""secret":"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw""#
    private static let bearer = #""webhooks":{"bearer":"of-the-organisation"}"#
    private static let plain = #""webhooks":{"profile":"fermion"},\#(secret)"#
    private static let moved = ("PATCH", #"{"url":"https://b.example/"}"#)
    private static let toPlain = ("PATCH", #"{"webhooks":{"profile":"fermion"}}"#)

    private static let rows: [Row] = [
        Row(testDescription: "a signature moves", made: secret, asked: [moved], statuses: [200]),
        Row(
            testDescription: "a secret that signs is not sent, at the origin that it was given for or after a move",
            made: secret,
            asked: [toPlain, moved, toPlain],
            statuses: [403, 200, 403]
        ),
        Row(
            testDescription: "nor in one step, nor by the metadata that choose the profile",
            made: secret,
            asked: [
                ("PATCH", #"{"url":"https://b.example/","webhooks":{"profile":"fermion"}}"#),
                ("PATCH", #"{"metadata":{"webhooks.profile":"fermion"}}"#),
                ("PUT", #"{"url":"https://b.example/","webhooks":{"profile":"fermion"}}"#),
                ("PUT", #"{"url":"https://a.example/1","metadata":{"webhooks.profile":"fermion"}}"#),
            ],
            statuses: [403, 403, 403, 403]
        ),
        Row(
            testDescription: "a secret that is sent signs from now on, moves, and is not sent again",
            made: plain,
            asked: [moved, ("PATCH", #"{"webhooks":{"profile":"svix"}}"#), moved, toPlain],
            statuses: [403, 200, 200, 403]
        ),
        Row(
            testDescription: "nor does a change of profile take it along",
            made: plain,
            asked: [("PATCH", #"{"url":"https://b.example/","webhooks":{"profile":"svix"}}"#)],
            statuses: [403]
        ),
        Row(
            testDescription: "where the profile never signed there is a new one",
            made: #""webhooks":{"profile":"slack"}"#,
            asked: [moved, toPlain],
            statuses: [200, 200]
        ),
        Row(
            testDescription: "a password is not kept by another kind of credentials, nor by one that is taken away",
            made: bearer,
            asked: [
                moved, ("PATCH", #"{"url":"https://b.example/","webhooks":{"title":"x"}}"#),
                ("PATCH", #"{"url":"https://b.example/","webhooks":{"authorization":null}}"#),
                ("PATCH", #"{"url":"https://b.example/","webhooks":{"basicAuth":{"username":"u","password":"p"}}}"#),
            ],
            statuses: [403, 403, 403, 200]
        ),
        Row(
            testDescription: "credentials that are taken away first leave it free to move",
            made: bearer,
            asked: [("PATCH", #"{"webhooks":{"bearer":null}}"#), moved],
            statuses: [200, 200]
        ),
        Row(
            testDescription: "nor does anything else that a request replaces",
            made: #""headers":{"Authorization":"of-the-organisation"}"#,
            asked: [
                ("PUT", #"{"url":"https://b.example/","webhooks":null}"#),
                ("PUT", #"{"url":"https://b.example/","webhooks":{"profile":"svix"}}"#),
            ],
            statuses: [403, 403]
        ),
    ]

    @Test(arguments: rows)
    func `what is kept stays with its origin`(_ row: Row) async throws {
        let served = try await ServedStore()
        await served.send("POST", "/app", #"{"name":"A","uid":"a"}"#)
        let access = #"{"capabilities":["ManageEndpoint"]}"#
        let token: String = try #require(await served.send("POST", "/auth/app-portal-access/a", access)["token"])
        let made = #"{"url":"https://a.example/1","uid":"e",\#(row.made)}"#
        let answer = await served.send("POST", "/app/a/endpoint", made)
        try #require(answer.status == 201, "\(answer.text)")
        for ((method, body), status) in zip(row.asked, row.statuses) {
            let before = await served.send("GET", "/app/a/endpoint/e")
            let answer = await served.send(method, "/app/a/endpoint/e", body, token: token)
            #expect(answer.status == status, "\(method) \(body): \(answer.text)")
            guard status == 403 else { continue }
            #expect(answer["code"] == "credentials_kept")
            #expect(await served.send("GET", "/app/a/endpoint/e") == before)
        }
    }

    @Test func `the organisation may send what signed before`() async throws {
        let served = try await ServedStore()
        await served.send("POST", "/app", #"{"name":"A","uid":"a"}"#)
        await served.send("POST", "/app/a/endpoint", #"{"url":"https://a.example/","uid":"e",\#(Self.secret)}"#)
        let body = #"{"url":"https://b.example/","webhooks":{"profile":"fermion"}}"#
        #expect(await served.send("PATCH", "/app/a/endpoint/e", body).status == 200)
    }
}
