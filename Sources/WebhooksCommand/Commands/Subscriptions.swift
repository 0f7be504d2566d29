internal import ArgumentParser
internal import WebhookCore
internal import Webhooks

struct Subscriptions: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The subscriptions of the configuration and of the store, and how each stands.",
        subcommands: [SubscriptionsList.self, SubscriptionsShow.self],
        defaultSubcommand: SubscriptionsList.self
    )
}

struct SubscriptionsList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists the subscriptions: the configuration's in its order, then those that the store keeps.",
        discussion: """
              webhooks subscriptions list
              webhooks subscriptions list --json | jq -r .url
            """
    )

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let dispatcher = try await options.dispatcher(holdsBroken: true)
        let health = try await SubscriptionOutput.health(dispatcher.log)
        let registry = dispatcher.registry
        let subscriptions = registry.subscriptions
        let owners = try await SubscriptionOutput.owners(dispatcher, subscriptions.map(\.name))
        if options.json {
            for subscription in subscriptions {
                SubscriptionOutput.json(subscription, registry, health[subscription.name])
                    .adding(owners.members(subscription.name)).write()
            }
            return
        }
        let columns: [Table.Column] = [
            .init("SUBSCRIPTION", flexible: true), .init("KEPT IN", sacrifice: 3), .init("STATE", flexible: true),
            .init("PROFILE"), .init("MODE", sacrifice: 1), .init("TENANT", flexible: true, sacrifice: 2),
            .init("TOPICS", flexible: true), .init("URL", flexible: true),
        ]
        var table = Table(columns + owners.columns)
        for subscription in subscriptions {
            let (state, style) = SubscriptionOutput.state(subscription, health[subscription.name])
            let cells: [Table.Cell] = [
                .init(subscription.name), .init(registry.source(of: subscription.name)?.rawValue), .init(state, style),
                .init(subscription.profile.name), .init(subscription.policy.mode.rawValue),
                .init(subscription.allTenants.joined(separator: " ")),
                .init(subscription.topics.map(\.description).joined(separator: " ")), .init(subscription.url.display),
            ]
            table.add(cells + owners.cells(subscription.name))
        }
        Pages.write(table, empty: "no subscriptions")
    }
}

struct SubscriptionsShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows a subscription: what it gets, where that goes, and how.",
        discussion: """
            Secrets, and a URL from the environment or a file, are ***.

              webhooks subscriptions show crm
            """
    )

    @Argument(help: "The subscription's name.", completion: KnownCompletion.subscriptions)
    var subscription: String

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let dispatcher = try await options.dispatcher(holdsBroken: true)
        let found = try dispatcher.preview.subscription(named: subscription)
        let health = try await SubscriptionOutput.health(dispatcher.log)[subscription]
        let owners = try await SubscriptionOutput.owners(dispatcher, [subscription])
        if options.json {
            let output = SubscriptionOutput.json(found, dispatcher.registry, health)
            return output.adding(owners.members(subscription)).write()
        }
        SubscriptionOutput.write(found, dispatcher.registry, health, owners[subscription])
    }
}

/// Subscriptions, as JSON and for people.
enum SubscriptionOutput {
    /// The store's memory, by name; nothing where there is no store.
    static func health(_ log: WebhookLog) async throws -> [String: SubscriptionHealth] {
        let rows = try await log.healthIfAny()
        return Dictionary(rows.map { ($0.subscription, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// - Parameter names: some of the dispatcher's; where the store keeps none of them it is not asked for, as there may be none.
    static func owners(_ dispatcher: WebhookDispatcher, _ names: [String]) async throws -> SubscriptionOwners {
        try await dispatcher.log.owners(of: names.filter { dispatcher.registry.source(of: $0) == .store })
    }

    static func json(_ subscription: Subscription, _ registry: Registry, _ health: SubscriptionHealth?) -> JSONOutput {
        let policy = subscription.policy
        let paused = health?.paused.flatMap { $0.isInForce(at: .now) ? $0 : nil }
        return [
            "subscription": .text(subscription.name), "title": .string(subscription.title),
            "source": .string(registry.source(of: subscription.name)?.rawValue),
            "enabled": .bool(subscription.isEnabled && health?.disabled == nil),
            "disabledReason": .string(subscription.isEnabled ? health?.disabled?.cause.rawValue : "configuration"),
            "problems": .strings(subscription.obstacles.map(\.located)),
            "paused": .bool(paused != nil), "pausedUntil": .time(paused?.until),
            "profile": .text(subscription.profile.name), "contentType": .text(subscription.contentType.rawValue),
            "url": .text(subscription.url.display), "topics": .strings(subscription.topics.map(\.description)),
            "tenant": .string(subscription.tenant), "tenants": .strings(subscription.allTenants),
            "filter": subscription.filter.map { .array($0.entries.map(entry)) } ?? .null,
            "headers": .array(subscription.headers.map { .strings([$0.name, shown($0.value)]) }),
            "body": .array(bodies(subscription).map { ["topics": .text($0), "file": .text($1)] }),
            "authentication": .string(authentication(subscription)), "secrets": .integer(subscription.secrets.count),
            "httpVersion": .text(subscription.httpVersion.rawValue), "schema": .text(subscription.schema.rawValue),
            "delivery": [
                "mode": .text(policy.mode.rawValue), "scheduleMs": .array(policy.schedule.map { .milliseconds($0) }),
                "timeoutMs": .milliseconds(policy.timeout), "connectTimeoutMs": .milliseconds(policy.connectTimeout),
                "maxInFlight": .integer(policy.maxInFlight), "ordered": .bool(policy.ordered),
                "rateLimit": .string(policy.rateLimit.map(rate)), "disableAfterMs": .milliseconds(policy.disableAfter),
                "breaker": [
                    "failures": .integer(policy.breaker.failures), "pauseMs": .milliseconds(policy.breaker.pause),
                ],
            ],
        ]
    }

    private static func entry(_ entry: Filter.Entry) -> JSONOutput {
        ["path": .text(entry.path.joined(separator: ".")), "condition": .text("\(entry.condition)")]
    }

    private static func shown(_ value: HeaderValue) -> String {
        switch value {
        case .plain(let text): text
        case .secret: "***"
        }
    }

    /// The topics that have a custom body, with its file.
    private static func bodies(_ subscription: Subscription) -> [(topics: String, file: String)] {
        if let body = subscription.body { return [("**", body.name)] }
        return subscription.topicBodies.map { ($0.pattern.description, $0.body.name) }
    }

    private static func authentication(_ subscription: Subscription) -> String? {
        switch subscription.authentication {
        case .basic: "basic"
        case .bearer: "bearer"
        case .raw: "authorization"
        case nil: nil
        }
    }

    static func state(_ subscription: Subscription, _ health: SubscriptionHealth?) -> (String, Terminal.Style) {
        if !subscription.isEnabled { return ("enabled: false", .dim) }
        if !subscription.obstacles.isEmpty { return ("can't be used here", .bad) }
        if let disabled = health?.disabled { return (HoldText.disabled(disabled), .bad) }
        if let paused = health?.paused, paused.isInForce(at: .now) { return (HoldText.paused(paused), .doubtful) }
        return ("enabled", .good)
    }

    static func write(
        _ subscription: Subscription,
        _ registry: Registry,
        _ health: SubscriptionHealth?,
        _ owner: SubscriptionOwner?
    ) {
        let terminal = Terminal.standardOutput
        func fact(_ name: String, _ value: String?, _ style: Terminal.Style = .plain) {
            guard let value else { return }
            let padded = name + String(repeating: " ", count: max(1, 14 - name.count))
            let text = terminal.styled(PlainText.escaped(value), style)
            Output.standard.writeLine(terminal.styled(padded, .dim) + text)
        }
        let policy = subscription.policy
        let (state, style) = state(subscription, health)
        Output.standard.writeLine(terminal.styled(PlainText.escaped(subscription.name), .bold))
        fact("title", subscription.title)
        fact("uid", owner?.uid)
        fact("application", owner?.application)
        fact("kept in", registry.source(of: subscription.name) == .store ? "the store" : "the configuration")
        fact("state", state, style)
        for problem in subscription.obstacles { fact("problem", problem.located, .bad) }
        fact("url", subscription.url.display)
        fact("profile", "\(subscription.profile.name) (\(subscription.profile.title))")
        fact("content type", subscription.contentType.rawValue)
        fact("topics", subscription.topics.map(\.description).joined(separator: " "))
        if !subscription.allTenants.isEmpty {
            fact(subscription.tenant == nil ? "tenants" : "tenant", subscription.allTenants.joined(separator: " "))
        }
        for entry in subscription.filter?.entries ?? [] {
            fact("filter", "\(entry.path.joined(separator: ".")): \(entry.condition)")
        }
        for list in subscription.filter?.alternatives ?? [] { fact("filter", "any of \(list.count) filters") }
        if let excluded = subscription.filter?.exclusions.count, excluded > 0 {
            fact("filter", "not \(excluded) filters")
        }
        for header in subscription.headers { fact("header", "\(header.name): \(shown(header.value))") }
        for (topics, file) in bodies(subscription) { fact("body", topics == "**" ? file : "\(topics): \(file)") }
        fact("credentials", authentication(subscription))
        if !subscription.secrets.isEmpty {
            let retiring = subscription.retiringSecrets.filter { $0.until > .now }
            let until = retiring.map(\.until).max().map {
                ", and \(retiring.count) that retire\(retiring.count == 1 ? "s" : ""), until \($0)"
            }
            fact("signed with", Counted.text(subscription.secrets.count, "secret") + (until ?? ""))
        }
        if subscription.httpVersion != .http1 { fact("http", subscription.httpVersion.rawValue) }
        fact("mode", policy.mode.rawValue)
        if policy.mode == .retry {
            fact("schedule", policy.schedule.map { DurationArgument($0).text }.joined(separator: " "))
        }
        let connect = DurationArgument(policy.connectTimeout).text
        fact("timeout", "\(DurationArgument(policy.timeout).text), to connect \(connect)")
        fact("at once", String(policy.maxInFlight))
        fact("rate limit", policy.rateLimit.map(rate))
        if policy.ordered { fact("ordered", "one after the other, in order of acceptance") }
        let failures = Counted.text(policy.breaker.failures, "failure")
        fact(
            "breaker",
            "opens after \(failures) in a row, for \(DurationArgument(policy.breaker.pause).text) and longer"
        )
        fact("disabled", "after \(DurationArgument(policy.disableAfter).text) of nothing but failures")
    }

    private static func rate(_ limit: RateLimit) -> String { "\(limit.count)/\(DurationArgument(limit.period).text)" }
}
