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
        let dispatcher = try await options.dispatcher()
        try await dispatcher.setEnabled(true, subscription: subscription)
        let isOff = dispatcher.registry.subscription(named: subscription)?.isEnabled == false
        Disable.report(
            subscription,
            isEnabled: true,
            asJSON: options.json,
            isOff
                ? "the configuration still says `enabled: false`"
                : "`webhooks retrigger --state cancelled --subscription \(subscription)` sends what was missed"
        )
    }
}
