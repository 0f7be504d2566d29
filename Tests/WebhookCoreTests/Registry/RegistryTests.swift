import Testing
import WebhookCore
import WebhookSimulation

@Suite("Who wants an event")
struct RegistryTests {
    @Test("the index finds whom asking everybody finds, in the same order", arguments: 0..<20 as Range<UInt64>)
    func sameAsAskingEverybody(seed: UInt64) throws {
        let profile = Self.anyProfile()
        var random = SeededGenerator(seed: seed)
        // "é" in one code point and in two: different tenants.
        let tenants: [String?] = [nil, "north", "south", "\u{E9}", "e\u{301}"]
        let patterns = ["**", "a.*", "a.x", "a.y", "b", "*.x"].compactMap { try? TopicPattern($0) }
        let subscriptions = (0..<60).map { number in
            var subscription = Subscription(
                name: "s\(number)",
                url: EndpointURL(scheme: .https, host: "a.example", port: 443, target: "/"),
                topics: (0..<Int.random(in: 1...3, using: &random)).map { _ in patterns.randomElement(using: &random)!
                },
                profile: profile
            )
            subscription.tenant = tenants.randomElement(using: &random)!
            subscription.isEnabled = Int.random(in: 0..<5, using: &random) > 0
            return subscription
        }
        let registry = Registry(subscriptions: subscriptions, profiles: [:], settings: DispatcherSettings())
        let filters = [nil, Self.filter(atLeast: "2"), Filter(entries: [], exclusions: [Self.filter(atLeast: "2")])]
        let filtered = subscriptions.map { subscription in
            var subscription = subscription
            subscription.filter = filters.randomElement(using: &random)!
            subscription.channels = [[], ["x"], ["x", "y"]].randomElement(using: &random)!
            return subscription
        }
        let choosy = Registry(subscriptions: filtered, profiles: [:], settings: DispatcherSettings())
        for topic in ["a.x", "a.y", "a.z", "b", "c.x", "c"] {
            for tenant in tenants {
                let event = try Event(topic: topic, data: "{}", tenant: tenant)
                let expected = subscriptions.filter { $0.mayWant(topic: topic, tenant: tenant) }.map(\.name)
                #expect(registry.subscriptions(for: event).map(\.name) == expected, "\(topic) for \(tenant ?? "all")")
                for number in 1...3 {
                    var event = try Event(topic: topic, data: ByteString("{\"n\":\(number)}"), tenant: tenant)
                    if number > 1 { event.message = MessageRecord(storedChannels: number == 2 ? ["y"] : ["z"]) }
                    let explained = choosy.explainMatches(of: event)
                    #expect(explained.map(\.subscription) == subscriptions.map(\.name))
                    let matched = explained.filter(\.isMatch).map(\.subscription)
                    #expect(matched == choosy.subscriptions(for: event).map(\.name))
                    #expect(matched == filtered.filter { $0.wants(event) }.map(\.name))
                }
            }
        }
    }

    @Test("a subscription with channels gets messages on one of them, and no others")
    func channels() throws {
        let profile = Self.anyProfile()
        let topics = [try TopicPattern("**")]
        func subscription(_ name: String, _ channels: [String]) -> Subscription {
            let url = EndpointURL(scheme: .https, host: "a.example", port: 443, target: "/")
            var subscription = Subscription(name: name, url: url, topics: topics, profile: profile)
            subscription.channels = channels
            return subscription
        }
        let registry = Registry(
            subscriptions: [subscription("all", []), subscription("x", ["x"]), subscription("xy", ["x", "y"])],
            profiles: [:],
            settings: DispatcherSettings()
        )
        var event = try Event(topic: "a", data: "1")
        #expect(registry.subscriptions(for: event).map(\.name) == ["all"])
        for (channels, names) in [
            (["y"], ["all", "xy"]), (["x"], ["all", "x", "xy"]), (["z", "x"], ["all", "x", "xy"]), (["z"], ["all"]),
            (["X"], ["all"]),
        ] {
            event.message = MessageRecord(application: "app_1", channels: channels)
            #expect(registry.subscriptions(for: event).map(\.name) == names)
        }
        #expect(
            registry.explainMatches(of: event).map(\.mismatches) == [
                [], [.channels(wanted: ["x"])], [.channels(wanted: ["x", "y"])],
            ]
        )
        #expect(registry.isAskedFor(topic: "a", tenant: nil))
    }

    private static func anyProfile() -> Profile {
        let example = JSONValue(kind: .null, document: "null", range: 0..<4)
        let any = ProfileTopic(
            topic: ProfileTopic.anyName,
            title: "",
            trigger: "",
            isDocumented: false,
            example: example
        )
        return Profile(
            name: "any",
            title: "",
            contentTypes: [.json],
            anyTopic: true,
            body: .envelope([]),
            topics: [any]
        )
    }

    private static func filter(atLeast number: String) -> Filter {
        let operand = Filter.Operand.number(ExactDecimal(number)!)
        return Filter(entries: [.init(path: ["data", "n"], condition: .greaterOrEqual(operand))])
    }

    @Test("a mismatch names the first condition that doesn't hold, with the value there is")
    func mismatches() throws {
        let filter = Filter(
            entries: [
                .init(path: ["data", "a"], condition: .all([.startsWith("x"), .exists(true)])),
                .init(path: ["data", "n"], condition: .isIn([.number(ExactDecimal("12.50")!), .null])),
            ]
        )
        func mismatch(_ data: String) throws -> Filter.Mismatch? {
            let event = try Event(topic: "a.b", data: ByteString(data))
            return filter.firstMismatch(for: event, data: try JSON.parse(event.data))
        }
        #expect(try mismatch(#"{"a":"xy","n":12.5}"#) == nil)
        #expect(try mismatch(#"{"a":"y","n":12.5}"#) == .entry(filter.entries[0], actual: #""y""#))
        #expect(try mismatch(#"{"a":"x","n":[1, 2]}"#) == .entry(filter.entries[1], actual: "[1, 2]"))
        #expect(try mismatch(#"{"n":1}"#) == .entry(filter.entries[0], actual: nil))
        // Of an `any`, what is not met of each filter.
        let one = Filter(entries: [filter.entries[0]])
        let other = Filter(entries: [], alternatives: [[one]])
        let event = try Event(topic: "a.b", data: #"{"a":"y"}"#)
        let either = Filter(entries: [], alternatives: [[one, other]])
        let mismatch = Filter.Mismatch.entry(filter.entries[0], actual: #""y""#)
        #expect(
            either.firstMismatch(for: event, data: try JSON.parse(event.data))
                == .noAlternative([mismatch, .noAlternative([mismatch])])
        )
        #expect(filter.entries[0].condition.description == #"{ startsWith: "x", exists: true }"#)
        #expect(filter.entries[1].condition.description == "{ in: [12.5, null] }")
    }

    @Test(
        "a decimal is written as the number it is",
        arguments: [
            ("0", "0"), ("-0.0", "0"), ("1", "1"), ("100", "100"), ("-12.50", "-12.5"), ("0.001", "0.001"),
            ("1e3", "1000"),
            ("1e30", "1e30"), ("1.5e-9", "1.5e-9"), ("9007199254740993", "9007199254740993"),
            ("123456789012345678901", "123456789012345678901"),
            ("1234567890123456789012", "1.234567890123456789012e21"),
            ("-12345678901234567890123.25", "-12345678901234567890123.25"),
        ]
    )
    func decimals(text: String, written: String) throws {
        let decimal = try #require(ExactDecimal(text))
        #expect(decimal.description == written)
        #expect(ExactDecimal(decimal.description) == decimal)
    }

    @Test("the names that a host has given are told without those of the store")
    func hostsNames() {
        let row = StoredSubscription(
            id: "ep_1",
            name: "ep_1",
            definition: "{}",
            createdAt: Timestamp(milliseconds: 1),
            updatedAt: Timestamp(milliseconds: 1)
        )
        func given(_ name: String, isStored: Bool) -> GivenSubscription {
            let draft = SubscriptionDraft(name: name, url: "https://crm.example", topics: ["**"])
            return GivenSubscription(draft: draft, subscription: nil, stored: isStored ? StoredOrigin(row) : nil)
        }
        var registry = Registry(subscriptions: [], profiles: [:], settings: DispatcherSettings())
        registry = registry.changing(
            removing: [],
            adding: [given("a", isStored: false), given("b", isStored: false), given("ep_1", isStored: true)]
        )
        #expect(registry.givenNames.sorted() == ["a", "b"])
        // The name is the store's from now on.
        registry = registry.changing(removing: ["a"], adding: [given("b", isStored: true)])
        #expect(registry.givenNames == [])
    }
}
