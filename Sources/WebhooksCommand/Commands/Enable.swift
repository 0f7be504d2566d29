internal import ArgumentParser
internal import Webhooks

struct Enable: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Enables a subscription that was disabled by hand, by 410 or for nothing but failures.",
        discussion: """
            What was missed meanwhile is in the log as cancelled:

              webhooks enable crm
              webhooks retrigger --state cancelled --subscription crm
            """
    )

    @Argument(help: "The subscription's name.")
    var subscription: String

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let opened = try options.openLog()
        let disabled = try await opened.log.setEnabled(
            true,
            subscription: subscription,
            configured: opened.configuredNames
        )
        if options.json { return Disable.json(subscription, isEnabled: true).write() }
        let isOff = opened.isOff(subscription)
        var cancelled = 0
        if let disabled, !isOff {
            cancelled = try await opened.log.cancelledDeliveries(
                of: subscription,
                since: disabled.at,
                limit: Self.mostCounted
            )
        }
        let line = Self.text(subscription, wasDisabled: disabled != nil, isOff: isOff, cancelled: cancelled)
        Output.standard.writeLine(PlainText.escaped(line))
    }

    private static let mostCounted = 1000

    /// - Parameters:
    ///   - isOff: whether the configuration says `enabled: false`.
    ///   - cancelled: deliveries that were cancelled while it was disabled.
    static func text(_ name: String, wasDisabled: Bool, isOff: Bool, cancelled: Int) -> String {
        let line = "\(name) " + (wasDisabled ? "is enabled" : "was not disabled")
        if isOff { return line + "; the configuration says `enabled: false`" }
        guard wasDisabled, cancelled > 0 else { return line }
        let count = cancelled < mostCounted ? Counted.deliveries(cancelled) : "\(mostCounted) deliveries or more"
        let was = cancelled == 1 ? "was" : "were"
        return line
            + "; \(count) \(was) cancelled meanwhile: `webhooks retrigger --state cancelled --subscription \(name)` sends them again"
    }
}
