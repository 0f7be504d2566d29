import Testing
import WebhookCore
import WebhookReceiver

/// What commands must not let out, nor let in.
@Suite struct SecurityTests {
    private static let environment = ["TOKEN": "canary-bearer-1", "HOOK": "canary-path-2", "KEY": "canary+header/3"]

    /// Sends back what it got.
    private static func echo(_ request: ReceivedRequest) -> ReceiverResponse {
        let lines = [request.target] + request.headers.map { "\($0.name): \($0.value)" }
        return .status(
            500,
            headers: [HTTPHeader("X-Echo", lines.joined(separator: "; "))],
            body: ByteString(lines.joined())
        )
    }

    @Test func `no command shows a secret, at any log level`() async throws {
        let sandbox = try CommandEnvironment(Self.echo)
        let more = """
              - name: secret
                url: { env: URL }
                topics: ["**"]
                profile: fermion
                payload: { "**": $data }
                schema: off
                secrets: ["canary-plain-4"]
                bearer: { env: TOKEN }
                headers: { X-Key: { env: KEY }, Authorization-Token: canary-literal-5 }
              - name: basic
                url: \(sandbox.receiver.url)/basic
                topics: ["**"]
                profile: braincert
                payload: { "**": $data }
                schema: off
                basicAuth: { username: lms, password: canary-password-6 }
            """
        try sandbox.write("w.yaml", sandbox.configuration(more: more))
        var environment = Self.environment
        environment["URL"] = "\(sandbox.receiver.url)/canary-path-2/x?token=canary-query-7"
        var said = ""
        func run(_ arguments: String...) async throws -> Finished {
            let finished = try await sandbox.run(arguments + ["--log-level", "trace"], environment: environment)
            said += finished.out + finished.err
            return finished
        }
        #expect(try await run("validate").status == 0)
        #expect(try await run("emit", "video.ready", "--data", #"{"videoId":"1"}"#, "--id", "e1", "--json").status == 1)
        #expect(try await run("emit", "user.created", "--data", "{}", "--id", "e2", "--tenant", "t").status == 1)
        let deliveries = try await run("deliveries", "list", "--json").lines.map { try JSONText($0) }
        #expect(deliveries.count == 5)
        for delivery in deliveries {
            let id = try #require(delivery["id"].string)
            _ = try await run("deliveries", "show", id, "--json")
            _ = try await run("deliveries", "show", id)
        }
        for name in ["crm", "secret", "basic"] {
            _ = try await run("render", name, name == "basic" ? "user.created" : "video.ready", "--example")
            _ = try await run("test", name, "--json")
        }
        _ = try await run("retrigger", "e1")
        _ = try await run("run", "--until-idle")
        _ = try await run("stats")
        _ = try await run("export", "--format", "csv")
        _ = try await run("export", "--format", "jsonl")
        _ = try await run("events", "show", "e1", "--json")
        _ = try await run("check")
        try sandbox.write("w.yaml", sandbox.configuration(more: more + "\n    bearer canary-slip-8\n"))
        #expect(try await run("validate", "--json").status == 65)
        #expect(sandbox.receiver.requests.contains { $0.headers.contains { $0.value.contains("canary") } })
        #expect(said.contains("***"))
        #expect(!said.contains("canary"), "\(said.split(separator: "\n").filter { $0.contains("canary") })")
    }

    @Test func `an export's cells stay cells, and are no formulas`() async throws {
        let sandbox = try CommandEnvironment()
        let starts = ["=", "+", "-", "@", "'", "\"", "\"\u{301},=1+1,\"", "a\"\u{200D},\r\n=", "''", ",", "\u{9B}31m"]
        var expected: [String: String] = [:]
        for (index, start) in starts.enumerated() {
            let (id, data) = ("\(index)", JSON.string(start + "cmd|x"))
            let tenant = start.utf8.contains { $0 < 0x20 } || start.contains("\u{9B}") ? "t" : start + "cmd"
            let result = try await sandbox.run(
                ["emit", "a.b", "--data", data, "--id", id, "--tenant=\(tenant)", "--detach"]
            )
            try #require(result.status == 0, "\(result.err)")
            expected[id] = tenant + "|" + data
        }
        let id = try await sandbox.run("emit", "a.b", "--data", "-1", "--id", "=1", "--detach")
        #expect(id.status == 0)
        expected["=1"] = "|-1"
        #expect(try await sandbox.run("run", "--until-idle").status == 0)
        let csv = try await sandbox.run("export", "--format", "csv")
        let records = Self.records(csv.out)
        #expect(records.count == expected.count + 1)
        for record in records {
            #expect(record.count == 16)
            for cell in record { #expect(cell.utf8.first.map { "=+-@\t\r".utf8.contains($0) } != true, "\(cell)") }
        }
        for record in records.dropFirst() where record.count == 16 {
            let read = record.map {
                $0.utf8.first == UInt8(ascii: "'") ? String(decoding: $0.utf8.dropFirst(), as: UTF8.self) : $0
            }
            #expect(expected[read[0]]?.utf8.elementsEqual("\(read[2])|\(read[15])".utf8) == true, "\(record)")
        }
    }

    /// RFC 4180, read by bytes.
    private static func records(_ text: String) -> [[String]] {
        var (records, record, cell): ([[String]], [String], [UInt8]) = ([], [], [])
        var isQuoted = false
        var bytes = Array(text.utf8)[...]
        while let byte = bytes.popFirst() {
            switch byte {
            case UInt8(ascii: "\"") where isQuoted && bytes.first == UInt8(ascii: "\""):
                cell.append(byte)
                bytes.removeFirst()
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: ",") where !isQuoted, UInt8(ascii: "\n") where !isQuoted:
                record.append(String(decoding: cell, as: UTF8.self))
                cell = []
                if byte == UInt8(ascii: "\n") {
                    records.append(record)
                    record = []
                }
            case UInt8(ascii: "\r") where !isQuoted: break
            default: cell.append(byte)
            }
        }
        return records
    }
}
