internal import ArgumentParser
internal import WebhookCore
internal import Webhooks

struct Enable: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Enables a subscription that was disabled by hand, by 410 or for nothing but failures.",
        discussion: """
            What was missed meanwhile is in the log as cancelled with the error `disabled`, apart from what was cancelled \
            by hand. Says how much that is, and how to send it again:

              webhooks enable crm
              webhooks retrigger --error disabled --subscription crm
            """
    )

    @Argument(help: "The subscription's name.", completion: KnownCompletion.subscriptions)
    var subscription: String

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let opened = try options.openLog()
        let log = opened.log
        try await opened.administration.checkKnown(subscription)
        if opened.configuration != nil, let entries = opened.outline.entries,
            !StoredSubscription.isName(subscription), !entries.contains(where: { $0.name == subscription })
        {
            let open = try await log.openDeliveries(of: subscription).waiting
            throw CommandFailure(
                .negative,
                code: WebhooksError.Code.refused.description,
                "the configuration has no \(subscription): nothing is sent to it until it is back there",
                hint: open > 0 ? "`webhooks cancel --subscription \(subscription)` drops what it has open" : nil
            )
        }
        let disabled = try await opened.administration.setEnabled(true, subscription: subscription)
        var missed = MissedDeliveries()
        if let disabled { missed = try await log.missedDeliveries(of: subscription, by: disabled) }
        if options.json {
            let members: [(String, JSONOutput)] = [
                ("subscription", .text(subscription)), ("enabled", .bool(true)), ("missed", .integer(missed.cancelled)),
                ("gone", .strings(missed.gone.map(\.description))),
            ]
            return JSONOutput.object(members).write()
        }
        let lines = Self.report(subscription, wasDisabled: disabled != nil, isOff: opened.isOff(subscription), missed)
        for line in lines { Output.standard.writeLine(PlainText.escaped(line)) }
    }

    /// Reports what was done, and the commands that bring back what was missed.
    static func report(_ name: String, wasDisabled: Bool, isOff: Bool, _ missed: MissedDeliveries) -> [String] {
        let off = isOff ? "; the configuration says `enabled: false`" : ""
        guard wasDisabled else { return ["\(name) was not disabled\(off)"] }
        var lines = ["\(name) is enabled\(off)"]
        if missed.cancelled > 0 {
            let least = missed.cancelled >= MissedDeliveries.most ? "at least " : ""
            let were = missed.cancelled == 1 ? "was" : "were"
            lines.append(
                "\(least)\(Counted.deliveries(missed.cancelled)) \(were) cancelled meanwhile: "
                    + "`webhooks retrigger --error disabled --subscription \(name)` sends them again"
            )
        }
        if !missed.gone.isEmpty {
            let ids = missed.gone.map(\.description).joined(separator: " ")
            let were = missed.gone.count == 1 ? "was" : "were"
            lines.append(
                "\(Counted.deliveries(missed.gone.count)) \(were) answered with 410: `webhooks retrigger \(ids)` sends "
                    + "\(missed.gone.count == 1 ? "it" : "them") again"
            )
        }
        return lines
    }
}

struct Disable: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Disables a subscription.",
        discussion: """
            Its open deliveries, and those of events that are emitted meanwhile, are settled as cancelled by the \
            dispatcher. Says how many that are, and asks on a terminal. Kept in the store; `webhooks enable` lifts it. To \
            hold deliveries without losing them: `webhooks pause`.

              webhooks disable crm
              webhooks disable crm --yes
            """
    )

    @Argument(help: "The subscription's name.", completion: KnownCompletion.subscriptions)
    var subscription: String

    @Flag(help: "Doesn't ask.")
    var yes = false

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let opened = try options.openLog()
        try await opened.administration.checkKnown(subscription)
        let open = try await opened.log.openDeliveries(of: subscription).waiting
        if !yes {
            let what =
                open > 0
                ? "and cancel its \(Counted.text(open, "open delivery", plural: "open deliveries"))"
                : "(it has nothing open; what is emitted meanwhile is cancelled for it)"
            try Question.confirm("disable \(subscription) \(what)?")
        }
        try await opened.administration.setEnabled(false, subscription: subscription)
        var next = "`webhooks enable \(subscription)` lifts it"
        if open > 0 {
            let are = open == 1 ? "open delivery is" : "open deliveries are"
            let when = await opened.log.runningDispatcher()?.isStopping == false ? "" : " when a dispatcher runs next"
            next = "\(open) \(are) cancelled\(when); \(next)"
        }
        if options.json {
            return Self.json(subscription, isEnabled: false, cancels: open > 0 ? open : nil).write()
        }
        Output.standard.writeLine(PlainText.escaped("\(subscription) is disabled; \(next)"))
    }

    static func json(_ name: String, isEnabled: Bool, cancels: Int? = nil) -> JSONOutput {
        var members: [(String, JSONOutput)] = [("subscription", .text(name)), ("enabled", .bool(isEnabled))]
        if let cancels { members.append(("cancels", .integer(cancels))) }
        return .object(members)
    }
}
