import Testing
import WebhookCore
import WebhookRegistry

/// What a message advises is something that its reader can do: a user of the command line sees no Swift, a client of the HTTP API
/// neither that nor commands, a host functions.
@Suite struct AudienceTests {
    private static let remedies: [Remedy] = [
        .makeSecret(ed25519: true), .makeSecret(ed25519: false), .makeEncryptionKey, .giveEncryptionKey, .makeToken,
        .validateRest, .reseal,
        .listTopics(profile: nil), .listTopics(profile: "braincert"), .showTopic(nil), .showTopic("a.b"),
        .nameConfiguration(isMissing: true), .nameConfiguration(isMissing: false), .validateTemplates,
        .listSubscriptions,
        .listStored, .enable("crm"), .bringBack(isStored: true), .bringBack(isStored: false), .resume, .explainRefusal,
        .listHeld, .retryOpen, .retriggerFailed, .listFailed, .settleSetAside, .cancelParked, .listParked, .prune,
        .nameStore,
        .checkStore, .expungeDamage, .completeCopy, .restoreDatabase, .inMessage,
    ]

    private static func check(_ text: String, for audience: Audience) {
        if audience != .commandLine {
            for word in ["`webhooks ", " --", "`--", "$WEBHOOKS_"] {
                #expect(!text.contains(word), "\(audience): \(text)")
            }
        }
        if audience != .host {
            #expect(
                !text.contains("Swift") && text.firstMatch(of: #/`[A-Za-z.]+\([^`]*\)`/#) == nil,
                "\(audience): \(text)"
            )
        }
    }

    @Test(arguments: Audience.allCases)
    func remedies(_ audience: Audience) {
        for remedy in Self.remedies { Self.check(remedy.text(after: "it is wrong", for: audience), for: audience) }
        #expect(Remedy.makeSecret(ed25519: true).text(after: "it is wrong", for: audience).hasPrefix("it is wrong; "))
        #expect(Remedy.inMessage.text(after: "it is wrong", for: audience) == "it is wrong")
    }

    @Test(
        "every problem of a file, as the command line and as a host has it",
        arguments: [Audience.commandLine, .host]
    )
    func files(_ audience: Audience) {
        var options = LoadOptions()
        options.audience = audience
        let rows = BadConfigurationTests.general + BadConfigurationTests.entries + BadConfigurationTests.delivery
        var messages: [String] = []
        for text in rows.map(\.text) + [nil] {
            let files = MemoryFiles(text.map { ["w.yaml": $0] } ?? [:])
            let loaded = ConfigurationLoader(environment: [:], files: files, options: options).load(path: "w.yaml")
            messages += loaded.diagnostics.map(\.message)
        }
        #expect(messages.count > 100)
        for message in messages { Self.check(message, for: audience) }
        let own = audience == .host ? "`Signatures.generate(ed25519: false)`" : "`webhooks keygen`"
        #expect(messages.contains { $0.contains(own) })
    }

    @Test("every problem of a draft, as each reader has it", arguments: Audience.allCases)
    func drafts(_ audience: Audience) {
        func draft(_ profile: String, _ change: (inout SubscriptionDraft) -> Void) -> SubscriptionDraft {
            var draft = SubscriptionDraft(name: "a", url: "https://crm.example.com/hook", topics: ["**"])
            draft.profile = profile
            change(&draft)
            return draft
        }
        let advised = [
            draft("standard") { _ in }, draft("standard") { $0.secrets = [Secret("whsec_x")] },
            draft("standard") { $0.secrets = [Secret("whsk_x")] }, draft("standard") { $0.secrets = [Secret("x")] },
            draft("braincert") { $0.topics = ["nope.*"] }, draft("braincert") { $0.topics = ["nothing.like.it"] },
            draft("lms") { $0.payload = ["user.created": ["x": "data.nothing.like.it"]] },
            draft("braincert") { $0.filter = ["data.nothing.like.it": 1] },
        ]
        var rules = DraftRules(settings: DispatcherSettings())
        rules.audience = audience
        for draft in advised + DraftTests.bad.map(\.0) {
            let messages = rules.build(draft).diagnostics.map(\.message)
            for message in messages { Self.check(message, for: audience) }
        }
        let missing = rules.build(advised[0]).diagnostics.map(\.message)
        let advice =
            switch audience {
            case .commandLine: "make one with `webhooks keygen`"
            case .host: "make one with `Signatures.generate(ed25519: false)`"
            case .client: "leave it out, and one is made"
            }
        #expect(missing == ["profile standard needs `secrets`: at least one; \(advice)"])
    }
}
