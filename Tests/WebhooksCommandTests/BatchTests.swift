import Testing

@Suite struct BatchTests {
    private static let bad = """
        {"topic":"a.b","data":{"n":1},"id":"one"}

        {"topic":"Bad!","data":1}
        {"topic":"a.b","data":1,"colour":"red"}
        {"topic":"a.b","data":1,"id":"one"}
        {"topic":"a.b","data":[1,}
        {"topic":"a.b","data":2,"occurredAt":"2026-03-01T09:30:00Z","test":true}
        """

    @Test func `every bad line is reported and nothing is stored`() async throws {
        let sandbox = try CommandEnvironment()
        let done = try await sandbox.run("emit", "--batch", "-", input: Self.bad)
        #expect(done.status == 65)
        for line in [3, 4, 5, 6] { #expect(done.err.contains("line \(line): ")) }
        #expect(!done.err.contains("line 7: "))
        #expect(done.err.contains("\"colour\""))
        #expect(try await sandbox.run("events", "list").status == 69)
        #expect(sandbox.receiver.requestCount == 0)
    }

    @Test func `keep-going emits the others and still exits 65`() async throws {
        let sandbox = try CommandEnvironment()
        let done = try await sandbox.run("emit", "--batch", "-", "--keep-going", "--json", input: Self.bad)
        #expect(done.status == 65)
        #expect(done.lines.count == 2)
        #expect(try JSONText(done.lines[0])["event"]["id"].string == "one")
        #expect(try JSONText(done.lines[1])["event"]["occurredAt"].string == "2026-03-01T09:30:00.000Z")
        #expect(try JSONText(done.lines[1])["event"]["test"].raw == "true")
        let error = done.err.split(separator: "\n").last.map(String.init) ?? ""
        #expect(try JSONText(error)["error"]["message"].string?.contains("line 3: ") == true)
        #expect(sandbox.receiver.requestCount == 2)
    }

    @Test func `a line whose id is taken is bad before anything is stored`() async throws {
        let sandbox = try CommandEnvironment()
        _ = try await sandbox.run("emit", "a.b", "--data", "1", "--id", "taken")
        let lines = #"{"topic":"a.b","data":1}"# + "\n" + #"{"topic":"a.b","data":2,"id":"taken"}"#
        let done = try await sandbox.run("emit", "--batch", "-", input: lines)
        #expect(done.status == 65)
        #expect(done.err.contains("line 2: "))
        #expect(try await sandbox.run("events", "list", "--json").lines.count == 1)
    }

    @Test func `a large batch arrives whole, from a file and in order`() async throws {
        let sandbox = try CommandEnvironment()
        let lines = (0..<300).map { #"{"topic":"a.b","data":\#($0),"id":"e\#($0)"}"# }
        try sandbox.write("in", lines.joined(separator: "\n"))
        let done = try await sandbox.run("emit", "--batch", "in", "--json")
        #expect(done.status == 0)
        let ids = try done.lines.map { try JSONText($0)["event"]["id"].string }
        #expect(ids == (0..<300).map { "e\($0)" })
        #expect(Set(sandbox.receiver.requests.compactMap { $0.header("webhook-id") }).count == 300)
    }

    @Test func `detached, all is stored`() async throws {
        let sandbox = try CommandEnvironment()
        let lines = (0..<20).map { #"{"topic":"a.b","data":\#($0)}"# }.joined(separator: "\r\n")
        let done = try await sandbox.run("emit", "--batch", "-", "--detach", input: lines)
        #expect(done.status == 0)
        #expect(done.out == "20 events stored\n")
        #expect(done.err.hasSuffix("note: 20 wait for a dispatcher; none runs\n"))
        #expect(try await sandbox.run("events", "list", "--json").lines.count == 20)
        #expect(sandbox.receiver.requestCount == 0)
    }

    @Test(arguments: [[], ["--detach"]])
    func `a batch that was stored before is counted as that`(how: [String]) async throws {
        let sandbox = try CommandEnvironment()
        let lines = (0..<3).map { #"{"topic":"a.b","data":\#($0),"id":"e\#($0)"}"# }
        let two = lines.prefix(2).joined(separator: "\n")
        _ = try await sandbox.run(["emit", "--batch", "-"] + how, input: two)
        let json = try await sandbox.run(["emit", "--batch", "-", "--json"] + how, input: two)
        #expect(try json.lines.map { try JSONText($0)["duplicate"].raw } == ["true", "true"])
        let all = lines.joined(separator: "\n")
        let done = try await sandbox.run(["emit", "--batch", "-"] + how, input: all)
        #expect(done.out.hasPrefix("1 event stored, 2 duplicates of events stored before"), "\(done.out)")
        let last = try await sandbox.run(["emit", "--batch", "-", "--json"] + how, input: lines[2])
        #expect(try JSONText(last.out)["duplicate"].raw == "true")
        let one = try await sandbox.run(["emit", "a.b", "--data", "2", "--id", "e2", "--json"] + how)
        #expect(try JSONText(one.out)["duplicate"].raw == "true")
    }

    @Test(arguments: ["alone", "beside a dispatcher", "detached"])
    func `lines are accepted in their order`(how: String) async throws {
        let sandbox = try CommandEnvironment()
        let dispatcher = how == "beside a dispatcher" ? try Background(["run"], in: sandbox) : nil
        _ = await dispatcher?.line(containing: "delivering", on: .error)
        let lines = (0..<1000).map { #"{"topic":"a.b","data":\#($0),"id":"e\#($0)"}"# }
        try sandbox.write("in", lines.joined(separator: "\n"))
        let arguments = ["emit", "--batch", "in", "--json"] + (how == "detached" ? ["--detach"] : [])
        #expect(try await sandbox.run(arguments).status == 0)
        let rows = try await sandbox.run("events", "list", "--json", "--limit", "1000").lines
        // Newest first, by row.
        #expect(try rows.map { try JSONText($0)["id"].string } == (0..<1000).reversed().map { "e\($0)" })
        dispatcher?.signal(15)
    }
}
