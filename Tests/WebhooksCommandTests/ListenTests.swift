import Glibc
import Testing

@Suite struct ListenTests {
    @Test func `prints and verifies what it gets`() async throws {
        let sandbox = try CommandEnvironment()
        try sandbox.write("crm.secret", CommandEnvironment.secret)
        let listen = try Background(
            ["listen", "--port", "0", "--secret-file", "crm.secret", "--fail-first", "1", "--json"],
            in: sandbox
        )
        let first = try #require(await listen.line(containing: "listening"))
        let url = try #require(try JSONText(first)["listening"].string)
        let configuration = sandbox.configuration(delivery: "{ schedule: [250ms], jitter: 0% }")
        try sandbox.write("w.yaml", configuration.replacing(sandbox.receiver.url, with: url))

        #expect(try await sandbox.run("emit", "a.b", "--data", "1").status == 1)
        let failed = try JSONText(try #require(await listen.line(containing: "\"number\"")))
        #expect(
            failed.keys == [
                "number", "receivedAt", "remote", "method", "target", "headers", "body", "signature", "status",
            ]
        )
        #expect(try failed["signature"].string == "valid")
        #expect(try failed["status"].raw == "503")
        #expect(try await sandbox.run("run", "--until-settled").status == 0)
        let delivered = try JSONText(try #require(await listen.line(containing: "\"number\"")))
        #expect(try delivered["status"].raw == "204")
        #expect(try delivered["body"].string == (try failed["body"].string))

        listen.signal(SIGINT)
        #expect(await listen.end() == 0)
    }

    @Test func `without a secret it knows the configuration's, by path`() async throws {
        let sandbox = try CommandEnvironment()
        let listen = try Background(["listen", "--port", "0", "--json"], in: sandbox)
        let first = try #require(await listen.line(containing: "listening"))
        let url = try #require(try JSONText(first)["listening"].string)
        let configuration = sandbox.configuration().replacing(sandbox.receiver.url, with: url)
        try sandbox.write("w.yaml", configuration)
        #expect(try await sandbox.run("emit", "user.created", "--data", "{}").status == 0)
        for _ in 0..<2 {
            let line = try JSONText(try #require(await listen.line(containing: "\"number\"")))
            let signature = try line["signature"].raw
            #expect(try signature == (line["target"].string == "/crm" ? #""valid""# : "null"))
        }
        // A secret that the receiver doesn't know.
        let other = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
        try sandbox.write("w.yaml", configuration.replacing(CommandEnvironment.secret, with: other))
        #expect(try await sandbox.run("test", "crm").status == 0)
        let wrong = try JSONText(try #require(await listen.line(containing: "\"number\"")))
        #expect(try wrong["signature"].string == "invalid")
        listen.signal(SIGINT)
        #expect(await listen.end() == 0)
    }

    @Test func `where it knows no secret it says that nothing is checked`() async throws {
        let sandbox = try CommandEnvironment()
        let signed = sandbox.configuration()
        try sandbox.write("w.yaml", "store: sqlite:w.sqlite\n")
        let listen = try Background(["listen", "--port", "0"], in: sandbox)
        let line = try #require(await listen.line(containing: "listening on http://127.0.0.1:"))
        #expect(await listen.line(containing: "no secret is known: signatures are not checked", on: .error) != nil)
        let url = try #require(line.split(separator: " ").first { $0.hasPrefix("http://") }).split(separator: ",")[0]
        try sandbox.write("w.yaml", signed.replacing(sandbox.receiver.url, with: url))
        #expect(try await sandbox.run("test", "crm").status == 0)
        #expect(await listen.line(containing: "signature: not checked") != nil)
        listen.signal(SIGTERM)
        #expect(await listen.end() == 0)
    }

    @Test func `says to people where it listens`() async throws {
        let sandbox = try CommandEnvironment()
        let listen = try Background(["listen", "--port", "0"], in: sandbox)
        let line = try #require(await listen.line(containing: "listening on http://127.0.0.1:"))
        let url = try #require(line.split(separator: " ").first { $0.hasPrefix("http://") }).split(separator: ",")[0]
        try sandbox.write("w.yaml", sandbox.configuration().replacing(sandbox.receiver.url, with: url))
        #expect(try await sandbox.run("test", "crm").status == 0)
        #expect(await listen.line(containing: "POST /crm") != nil)
        #expect(await listen.line(containing: "answered 204") != nil)
        listen.signal(SIGTERM)
        #expect(await listen.end() == 0)
    }
}
