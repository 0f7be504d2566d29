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
        let disabled = try await opened.administration.setEnabled(true, subscription: subscription)
        // Also where it was enabled before: what was missed may not have been sent again since.
        let missed = try await log.missedDeliveries(of: subscription, by: disabled)
        if options.json {
            let members: [(String, JSONOutput)] = [
                ("subscription", .text(subscription)), ("enabled", .bool(true)), ("missed", .integer(missed.cancelled)),
                ("gone", .strings(missed.gone.map(\.description))),
            ]
            return JSONOutput.object(members).write()
        }
        let off = opened.off(subscription)
        let lines = Self.report(subscription, wasDisabled: disabled != nil, off, missed)
        for line in lines { Output.standard.writeLine(PlainText.escaped(line)) }
    }

    /// Reports what was done, and the commands that bring back what was missed.
    ///
    /// - Parameter off: the reason why nothing is sent all the same.
    static func report(_ name: String, wasDisabled: Bool, _ off: String?, _ missed: MissedDeliveries) -> [String] {
        var lines = ["\(name) \(wasDisabled ? "is enabled" : "was not disabled")\(off.map { "; \($0)" } ?? "")"]
        if missed.cancelled > 0 {
            let least = missed.cancelled >= MissedDeliveries.most ? "at least " : ""
            let were = missed.cancelled == 1 ? "was" : "were"
            lines.append(
                "\(least)\(Counted.deliveries(missed.cancelled)) \(were) cancelled \(wasDisabled ? "meanwhile" : "while it was disabled"): "
                    + "`webhooks retrigger --error disabled --subscription \(name)` sends \(missed.cancelled == 1 ? "it" : "them") again"
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
