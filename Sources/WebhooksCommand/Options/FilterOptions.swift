internal import ArgumentParser
internal import WebhookCore
internal import Webhooks

/// Filters of the log's rows by time and topic.
struct FilterOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Created at or after: RFC 3339, a day, or so long ago (2h, 5d).", valueName: "time"),
        transform: PastArgument.read
    )
    var since: PastArgument?

    @Option(
        help: ArgumentHelp("Created before; written as for --since.", valueName: "time"),
        transform: PastArgument.read
    )
    var until: PastArgument?

    @Option(help: "Only this topic. Repeatable.", completion: KnownCompletion.topics)
    var topic: [String] = []

    func validate() throws {
        if let since, let until, until.instant < since.instant {
            throw ValidationError("--until is before --since: nothing was created in between")
        }
    }
}

/// Options for a page of the log.
struct PageOptions: ParsableArguments {
    @Option(help: "Only this tenant's.")
    var tenant: String?

    @Flag(inversion: .prefixedNo, help: "Only tests, or none.")
    var test: Bool?

    @Option(
        help: ArgumentHelp("The most rows to list. (default: 50)", valueName: "number"),
        transform: NumberArgument.read(1...Int.max)
    )
    var limit = 50

    @Option(help: "Goes on after this row.")
    var after: String?
}

/// The time to wait for what is sent.
struct WaitOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How long to wait for the first attempts, such as 500ms, 10s or 2m. (default: 30s)",
            valueName: "duration"
        ),
        transform: DurationArgument.read
    )
    var wait = DurationArgument(.seconds(30))
}

/// Filters of deliveries.
struct DeliveryFilterOptions: ParsableArguments {
    @Option(
        help: "pending, in_flight, waiting, delivered, failed, unknown or cancelled. Repeatable.",
        completion: .list(DeliveryState.allCases.map(\.rawValue)),
        transform: Self.state
    )
    var state: [DeliveryState] = []

    @Option(
        help: ArgumentHelp(
            "Only what failed last with this error, such as status, timeout, connect, or disabled. Repeatable.",
            valueName: "class"
        ),
        completion: .list(FailureKind.allCases.map(\.rawValue)),
        transform: Self.error
    )
    var error: [FailureKind] = []

    @Option(help: "Only this subscription's.", completion: KnownCompletion.subscriptions)
    var subscription: String?

    static func error(_ text: String) throws -> FailureKind {
        if let error = FailureKind(rawValue: text) { return error }
        let names = FailureKind.allCases.map(\.rawValue)
        let hint = NameHint.question(text, in: names) ?? "there are \(names.joined(separator: ", "))"
        throw ValidationError("there is no error \(text); \(hint)")
    }

    static func state(_ text: String) throws -> DeliveryState {
        if let state = DeliveryState(rawValue: text) { return state }
        let names = DeliveryState.allCases.map(\.rawValue)
        let hint = NameHint.question(text, in: names) ?? "there are \(names.joined(separator: ", "))"
        throw ValidationError("there is no state \(text); \(hint)")
    }
}

extension DeliveryQuery {
    /// Makes the query that a command's filters ask for.
    init(_ delivery: DeliveryFilterOptions, _ filter: FilterOptions) {
        self.init()
        since = filter.since?.instant
        until = filter.until?.instant
        topics = filter.topic
        states = Set(delivery.state)
        errors = Set(delivery.error)
        subscription = delivery.subscription
    }
}
