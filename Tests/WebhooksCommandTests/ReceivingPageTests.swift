import Foundation
import Testing
import Webhooks

/// The programs in `docs/receiving.md` work as they stand.
@Suite struct ReceivingPageTests {
    /// A language of the page, with what runs it.
    struct Language: Sendable, CustomTestStringConvertible {
        var name: String
        var file: String
        var program: String
        /// The imports of the page's short functions.
        var imports: String
        /// Prints what `is_genuine` says of a header and of the body on stdin.
        var call: String
        var testDescription: String { name }

        static let python = Language(
            name: "python",
            file: "receiver.py",
            program: Self.virtualPython ?? "python3",
            imports: "import hashlib, hmac, sys\n",
            call: "\nprint(is_genuine(sys.argv[1], sys.argv[2], sys.stdin.buffer.read()))\n"
        )
        static let node = Language(
            name: "js",
            file: "receiver.mjs",
            program: "node",
            imports: """
                import { createHmac, timingSafeEqual } from "node:crypto";
                import { readFileSync } from "node:fs";

                """,
            call: "\nconsole.log(isGenuine(process.argv[2], process.argv[3], readFileSync(0)));\n"
        )

        /// The ones that are there.
        static let installed = [python, node].filter { run("\($0.program) --version") }

        /// Node has it; Python needs a package.
        var hasEd25519: Bool { name == "js" || Self.run("\(program) -c 'import cryptography'") }

        /// The environment that `make setup-tests` makes.
        private static var virtualPython: String? {
            let path = "\(Documentation.root)/.venv/bin/python"
            return FileManager.default.isExecutableFile(atPath: path) ? path : nil
        }

        private static func run(_ line: String) -> Bool { (try? Tour().shell(line).status) == 0 }
    }

    @Test func `every profile has a row that says what proves a request`() throws {
        let lines = try Documentation.text("docs/receiving.md").split(separator: "\n")
        let rows = lines.drop { $0 != "## The request" }.dropFirst().prefix { !$0.hasPrefix("#") }.filter {
            $0.hasPrefix("| `")
        }
        let named = rows.flatMap { row in
            row.split(separator: "|")[0].split(separator: "`").enumerated().filter { $0.offset % 2 == 1 }.map {
                String($0.element)
            }
        }
        #expect(named.sorted() == TopicCatalog().profiles.map(\.name))
    }

    @Test func `there is a language to test with`() {
        #expect(Language.installed.contains { $0.name == "python" })
    }

    @Test(arguments: Language.installed)
    func `the receiver takes an event once, by either secret of a rotation, and from nobody else`(
        _ language: Language
    ) throws {
        let tour = try Tour()
        let current = try secret("standard", tour)
        let emit = "webhooks emit grade.released --data '{\"id\":7}' --id"

        var receiver = try start(language, tour, secret: current)
        #expect(receiver.firstLine == "listening")
        #expect(try tour.shell("\(emit) evt_7").status == 0)
        let again = try tour.shell("webhooks retrigger evt_7")
        #expect(again.status == 0 && again.output.contains("delivered"), "\(again.output)")
        #expect(receiver.stop() == "event evt_7 grade.released\n")

        receiver = try start(language, tour, secret: try secret("standard-previous", tour))
        #expect(try tour.shell("\(emit) evt_8").status == 0)
        #expect(receiver.stop() == "event evt_8 grade.released\n")

        receiver = try start(language, tour, secret: CommandEnvironment.secret)
        let refused = try tour.shell("\(emit) evt_9")
        #expect(refused.status == 1 && refused.output.contains("401"), "\(refused.output)")
        #expect(receiver.stop() == "")
    }

    @Test(arguments: Language.installed)
    func `the receiver refuses what is old, changed or no signature`(_ language: Language) throws {
        let tour = try Tour()
        let receiver = try start(language, tour, secret: CommandEnvironment.secret)
        try tour.write(
            "post.py",
            """
            import sys, urllib.error, urllib.request
            names = ["webhook-id", "webhook-timestamp", "webhook-signature"]
            request = urllib.request.Request(sys.argv[1], sys.argv[5].encode(), dict(zip(names, sys.argv[2:5])))
            try:
                print(urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request).status)
            except urllib.error.HTTPError as error:
                print(error.code)
            """
        )
        /// The status that the receiver answers with.
        func post(_ timestamp: String, _ signature: String, _ body: String) throws -> String {
            let line = "python3 post.py http://127.0.0.1:\(tour.port)/ msg_1 '\(timestamp)' '\(signature)' '\(body)'"
            return try tour.shell(line).output.trimmingCharacters(in: .newlines)
        }
        let body = #"{"type":"course.created"}"#
        func signature(_ timestamp: Int) throws -> String {
            let line = "webhooks sign --id msg_1 --timestamp \(timestamp) --data '\(body)' --secret-env SECRET"
            let done = try tour.shell(line, environment: ["SECRET": CommandEnvironment.secret])
            return done.output.trimmingCharacters(in: .newlines)
        }
        let now = Int(Date().timeIntervalSince1970)
        #expect(try post("\(now)", try signature(now), body) == "204")
        #expect(try post("\(now)", "v1,AAAA v2,x " + (try signature(now)), body) == "204")
        #expect(try post("\(now)", try signature(now), body + " ") == "401")
        #expect(try post("\(now + 1)", try signature(now), body) == "401")
        for other in [now - 3600, now + 3600] { #expect(try post("\(other)", try signature(other), body) == "401") }
        for broken in ["", "v1", "v1,", "v1a,AAAA", "v1,é"] { #expect(try post("\(now)", broken, body) == "401") }
        for broken in ["", "x", "1e9", "²"] { #expect(try post(broken, try signature(now), body) == "401") }
        #expect(receiver.stop() == "event msg_1 course.created\n")
    }

    @Test(arguments: Language.installed.filter(\.hasEd25519))
    func `the receiver verifies Ed25519`(_ language: Language) throws {
        let tour = try Tour()
        let keys = try tour.shell("umask 077; webhooks keygen --ed25519 | tee config/secrets/standard.secret").output
        let publicKey = try #require(keys.split(separator: "\n").map(String.init).last)
        let receiver = try start(language, tour, secret: publicKey)
        let done = try tour.shell("webhooks emit grade.released --data '{\"id\":7}' --id evt_7")
        #expect(done.status == 0, "\(done.output)")
        #expect(receiver.stop() == "event evt_7 grade.released\n")

        let other = try tour.shell("webhooks keygen --ed25519").output.split(separator: "\n").map(String.init)
        let stranger = try start(language, tour, secret: try #require(other.last))
        #expect(try tour.shell("webhooks emit grade.released --data '{\"id\":7}' --id evt_8").status == 1)
        #expect(stranger.stop() == "")
    }

    @Test(arguments: Language.installed)
    func `the function for hex signatures`(_ language: Language) throws {
        let tour = try Tour()
        let block = try #require(try blocks(language).last)
        try tour.write(language.file, language.imports + block.joined(separator: "\n") + language.call)
        let data = #"{"course":{"id":"7","name":"a","slug":"a"}}"#
        let event = "course.created --data '\(data)' --id evt_1 --at 2026-03-01T09:30:00Z"
        let request = try tour.shell("webhooks render loopwise \(event)").output
        let header = try #require(request.firstMatch(of: /Loopwise-Webhook-Signature: ([0-9a-f]{64})/)).output.1
        let key = try secret("loopwise", tour)
        func verdict(_ key: String, _ header: String) throws -> String {
            let line = "webhooks render loopwise \(event) --body-only | \(language.program) \(language.file)"
            return try tour.shell("\(line) '\(key)' '\(header)'").output.lowercased()
        }
        #expect(try verdict(key, String(header)) == "true\n")
        #expect(try verdict(key + "x", String(header)) == "false\n")
        for broken in ["", String(header.dropLast()), "é" + header.dropFirst()] {
            #expect(try verdict(key, broken) == "false\n")
        }
    }

    private func blocks(_ language: Language) throws -> [[String]] {
        Documentation.blocks(language.name, in: try Documentation.text("docs/receiving.md"))
    }

    private func secret(_ name: String, _ tour: Tour) throws -> String {
        try String(contentsOfFile: "\(tour.folder)/config/secrets/\(name).secret", encoding: .utf8)
            .trimmingCharacters(in: .newlines)
    }

    private func start(_ language: Language, _ tour: Tour, secret: String) throws -> Tour.Listener {
        let block = try #require(try blocks(language).first)
        try tour.write(language.file, block.joined(separator: "\n"))
        return try tour.start(
            "\(language.program) \(language.file)",
            environment: ["PORT": String(tour.port), "WEBHOOK_SECRET": secret]
        )
    }
}
