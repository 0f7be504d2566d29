internal import ArgumentParser
internal import Webhooks

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

    @Argument(help: "The subscription's name.")
    var subscription: String

    @Flag(help: "Doesn't ask.")
    var yes = false

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let opened = try options.openLog()
        try await opened.log.checkKnown(subscription, configured: opened.configuredNames)
        let open = try await opened.log.openDeliveries(of: subscription).waiting
        if open > 0, !yes {
            let question =
                "disable \(subscription) and cancel its \(Counted.text(open, "open delivery", plural: "open deliveries"))?"
            try Question.confirm(question)
        }
        try await opened.log.setEnabled(false, subscription: subscription, configured: opened.configuredNames)
        var next = "`webhooks enable \(subscription)` lifts it"
        if open > 0 {
            let are = open == 1 ? "open delivery is" : "open deliveries are"
            let when = opened.log.runningDispatcher()?.isStopping == false ? "" : " when a dispatcher runs next"
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
