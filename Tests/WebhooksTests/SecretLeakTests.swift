import Foundation
import Testing
import WebhookCore
import WebhookReceiver
import WebhookSimulation
import Webhooks

/// A canary in every secret field, receivers that send back all they got, and a look at everything that is kept or said.
@Suite struct SecretLeakTests {
    private static let canaries = Canaries(values: [
        "signing": "QmVnaW4tc2lnbmluZy1jYW5hcnktMDEy", "previous": "UHJldmlvdXMtc2lnbmluZy1jYW5hcnkx",
        "bearer": "bearer-canary.8f2e~1", "password": "p4ss:w0rd canary", "plain": "fermion+canary/77",
        "raw": "raw=canary;42",
        "header": "h3ader&canary\"<5>", "file": "file'canary-0\\1", "path": "url-path-canary-99",
        "query": "query~canary=31",
        "key": "tls-k3y-canary-of-many", "literal": "literal-api-canary-3", "ümlaut": "ünïcode-canary-☃",
    ])

    private static func canary(_ name: String) -> String { canaries.values[name] ?? "" }

    private static let environment = [
        "SIGNING": "whsec_" + canary("signing"), "BEARER": canary("bearer"), "HEADER": canary("header"),
        "URL_PATH": "/\(canary("path"))/x?token=\(canary("query"))", "UMLAUT": canary("ümlaut"),
    ]

    /// Every secret field that a subscription has; `receiver` is a URL without a path.
    private static func subscriptions(_ receiver: String) -> String {
        """
          - name: standard
            url: \(receiver)/standard
            topics: ["**"]
            secrets: [{ env: SIGNING }, whsec_\(canary("previous"))]
            bearer: { env: BEARER }
          - name: fermion
            url: \(receiver)/fermion
            profile: fermion
            payload: { "**": $data }
            schema: off
            topics: ["**"]
            secrets: ["\(canary("plain"))"]
            basicAuth: { username: lms, password: "\(canary("password"))" }
            headers: { X-Env: { env: HEADER }, X-File: { file: header.secret }, X-Other: { env: UMLAUT }, X-Api-Key: \(canary("literal")) }
          - name: braincert
            url: { env: URL }
            profile: braincert
            payload: { "**": $data }
            schema: off
            topics: ["**"]
            authorization: "Token \(canary("raw"))"
          - name: tls
            url: https\(receiver.dropFirst(4))/tls
            profile: braincert
            payload: { "**": $data }
            schema: off
            topics: ["**"]
            tls: { certificate: client.pem, key: { file: client.key } }
            delivery: { mode: single-shot, timeout: 500ms }
        """
    }

    /// All of a request, as an error page or a debugging receiver might send it back.
    private static func echo(_ request: ReceivedRequest, status: Int) -> ReceiverResponse {
        let lines = request.headers.map { "\($0.name): \($0.value)" }
        let all = (["\(request.method) \(request.target)"] + lines).joined(separator: "\n") + "\n\n" + request.body.text
        let encoder = JSONEncoder()
        let values = request.headers.map(\.value) + [request.target]
        let json = String(decoding: (try? encoder.encode(values)) ?? Data(), as: UTF8.self)
        let ascii = json.unicodeScalars.map { $0.isASCII ? String($0) : $0.utf16.map { "\\u" + hex($0) }.joined() }
            .joined()
        let html = all.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;").replacing("'", with: "&#39;")
        let parts = [all, json, ascii, html] + request.target.split { "/?=&".contains($0) }.map(String.init)
        let encoded = parts.map { Data($0.utf8).base64EncodedString() }
        return .status(
            status,
            headers: request.headers.enumerated().map { HTTPHeader("X-Echo-\($0)", $1.value) }
                + [HTTPHeader("X-Base64", encoded[0])],
            body: ByteString((parts + encoded).joined(separator: "\n"))
        )
    }

    private static func hex(_ unit: UInt16) -> String {
        String(repeating: "0", count: 4 - String(unit, radix: 16).count) + String(unit, radix: 16)
    }

    private static func workspace(_ receiver: Receiver) throws -> (TestEnvironment, WebhookConfiguration) {
        let workspace = try TestEnvironment()
        try workspace.write(
            """
            store: sqlite:store/webhooks.sqlite
            egress: { allow: ["127.0.0.0/8"] }
            defaults: { delivery: { timeout: 5m, connectTimeout: 5m } }
            subscriptions:
            \(subscriptions(receiver.url))
            """,
            to: "webhooks.yaml"
        )
        try workspace.write(canary("file") + "\n", to: "header.secret")
        try workspace.write(SamplePEM.certificate, to: "client.pem")
        // What stands before the block belongs to the secret as well.
        try workspace.write(canary("key") + "\n" + SamplePEM.key, to: "client.key")
        var environment = environment
        environment["URL"] = receiver.url + (environment["URL_PATH"] ?? "")
        return (workspace, .file(workspace.folder + "/webhooks.yaml", environment: environment))
    }

    private static func event(_ id: String) throws -> Event {
        try Event(topic: "video.ready", data: #"{"videoId":"v1"}"#, id: id, tenant: "school")
    }

    @Test(arguments: [200, 500]) func nothingKeptOrSaidHoldsASecret(status: Int) async throws {
        let receiver = try Receiver { Self.echo($0, status: status) }
        let (workspace, configuration) = try Self.workspace(receiver)
        let log = MemoryLog()
        let dispatcher = try await WebhookDispatcher(configuration: configuration, logger: log.logger)
        let events = [try Self.event("evt_1"), try Event(topic: "user.created", data: "{}", id: "evt_2", tenant: "t")]
        for event in events { try await dispatcher.emit(event) }
        try await dispatcher.run(until: .idle)

        // They were on the wire, so the echoes held them; what never travels is not among them.
        let wire = receiver.requests.flatMap { request in
            [request.target, request.body.text] + request.headers.map(\.value)
        }.joined(separator: "\n")
        let travelling = Self.canaries.values.keys.filter { !["signing", "previous", "key"].contains($0) }
        #expect(Set(Self.canaries.found(in: wire)).isSuperset(of: travelling))

        let deliveries = try await dispatcher.deliveries()
        #expect(deliveries.count == 5)
        var said = "\(deliveries) \(try await dispatcher.log.events()) \(log.text)"
        for delivery in deliveries {
            let attempts = try await dispatcher.attempts(of: delivery.id)
            for attempt in attempts {
                said += "\(attempt) \(attempt.requestBody.text) \(attempt.responseBody.text) \(attempt.url)"
                #expect(Self.canaries.found(in: attempt.requestBody.bytes) == [])
                if delivery.subscription == "tls" {
                    // The receiver takes the handshake for the beginning of a request.
                    #expect(attempt.error == .timeout || attempt.error == .tls)
                } else {
                    #expect(attempt.responseBody.text.contains("***"))
                    #expect(
                        attempt.requestHeaders.contains { $0.value == "***" } || delivery.subscription == "standard"
                    )
                }
            }
        }
        for subscription in ["standard", "fermion", "braincert"] {
            let event = events[subscription == "fermion" ? 0 : 1]
            let rendered = try dispatcher.preview.render(event, for: subscription)
            said += "\(rendered)" + Self.dumped(rendered)
            let revealed = rendered.revealedHeaders.map(\.value).joined(separator: "\n")
            #expect(!Self.canaries.found(in: revealed).isEmpty)
        }
        #expect(Self.canaries.found(in: said) == [])

        let folder = workspace.folder + "/store"
        let files = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(files.contains("webhooks.sqlite"))
        for file in files {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(file)"))
            #expect(Self.canaries.found(in: bytes) == [], "\(file)")
        }
    }

    @Test func nothingPrintsASecret() async throws {
        let receiver = try Receiver(responses: [.noContent])
        let (workspace, configuration) = try Self.workspace(receiver)
        defer { withExtendedLifetime(workspace) {} }
        let dispatcher = try await WebhookDispatcher(configuration: configuration)
        let report = configuration.load()
        // A literal header is shown where it is configured; in what is sent it is masked, see above.
        let registry = dispatcher.registry
        var subscriptions = Array(registry.subscriptions)
        for index in subscriptions.indices {
            subscriptions[index].headers.removeAll { $0.name == "X-Api-Key" }
        }
        let printed = [
            Self.dumped(configuration), Self.dumped(report.diagnostics), Self.dumped(subscriptions), "\(subscriptions)",
            String(reflecting: subscriptions), Self.dumped(registry.settings),
        ]
        for text in printed { #expect(Self.canaries.found(in: text) == []) }
    }

    @Test func brokenConfigurationsQuoteNoSecret() throws {
        let receiver = try Receiver(responses: [.noContent])
        let (workspace, configuration) = try Self.workspace(receiver)
        let path = workspace.folder + "/webhooks.yaml"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(configuration.load().isValid)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        // Every line with a secret once left out, once indented, once without its colon, once with its value cut in two.
        let secretLines = lines.indices.filter { index in
            ["canary", "env:", "file:", "whsec_", "tls:"].contains { lines[index].contains($0) }
        }
        #expect(secretLines.count >= 8)
        for index in secretLines {
            for change in 0..<4 {
                var changed = lines
                switch change {
                case 0: changed.remove(at: index)
                case 1: changed[index] = "  " + lines[index]
                case 2: changed[index] = lines[index].replacing(": ", with: ":", maxReplacements: 1)
                default: changed[index] = lines[index].replacing("canary", with: "canary\": [", maxReplacements: 1)
                }
                try changed.joined(separator: "\n").write(toFile: path, atomically: false, encoding: .utf8)
                let messages = configuration.load().diagnostics.map(\.description).joined(separator: "\n")
                #expect(Self.canaries.found(in: messages) == [], "line \(index + 1), change \(change)")
                #expect(!messages.contains("canary"), "line \(index + 1), change \(change): \(messages)")
            }
        }
    }

    @Test func aSecretCutOffWithTheAnswerLeavesNoHalf() async throws {
        let bearer = Self.canary("bearer")
        let receiver = try Receiver { _ in
            .status(200, body: ByteString(String(repeating: "x", count: 16_384 - 12) + bearer + "and more"))
        }
        let (workspace, configuration) = try Self.workspace(receiver)
        defer { withExtendedLifetime(workspace) {} }
        let dispatcher = try await WebhookDispatcher(configuration: configuration)
        let log = try await dispatcher.deliver(Self.event("evt_3"))
        let attempt = try #require(log.first { $0.delivery.subscription == "standard" }?.attempts.first)
        #expect(attempt.responseTruncated)
        #expect(attempt.responseBody.text.hasSuffix("x***"))
    }

    @Test func aStoreThatCannotBeOpenedIsNotQuoted() async throws {
        let workspace = try TestEnvironment()
        try workspace.write("store: { env: STORE }\n", to: "webhooks.yaml")
        let secret = "postgres://u:st0re-canary@host:0/db"
        let configuration = WebhookConfiguration.file(
            workspace.folder + "/webhooks.yaml",
            environment: ["STORE": secret]
        )
        let error = await #expect(throws: WebhooksError.self) {
            try await WebhookDispatcher(configuration: configuration)
        }
        #expect(error.map { "\($0)" + Self.dumped($0) }?.contains("st0re") == false)
        var settings = DispatcherSettings()
        settings.store = .postgres(Secret(secret))
        #expect(!Self.dumped(settings).contains("st0re"))
    }

    private static func dumped(_ value: Any) -> String {
        var text = ""
        dump(value, to: &text)
        return text + String(describing: value) + String(reflecting: value)
    }
}

extension String {
    fileprivate func write(toFile path: String, atomically: Bool, encoding: String.Encoding) throws {
        try Data(utf8).write(to: URL(fileURLWithPath: path))
    }
}
