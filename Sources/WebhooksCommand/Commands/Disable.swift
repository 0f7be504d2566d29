internal import ArgumentParser
internal import Webhooks

struct Disable: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Disables a subscription.",
        discussion: """
            Its open deliveries, and those of events that are emitted meanwhile, are settled as cancelled. Kept in the \
            store; `webhooks enable` lifts it.

              webhooks disable crm
            """
    )

    @Argument(help: "The subscription's name.")
    var subscription: String

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let dispatcher = try await options.dispatcher()
        try await dispatcher.setEnabled(false, subscription: subscription)
        Self.report(
            subscription,
            isEnabled: false,
            asJSON: options.json,
            "`webhooks enable \(subscription)` lifts it"
        )
    }

    static func report(_ name: String, isEnabled: Bool, asJSON: Bool, _ next: String) {
        if asJSON {
            let object: JSONOutput = ["subscription": .text(name), "enabled": .bool(isEnabled)]
            return object.write()
        }
        let state = isEnabled ? "enabled" : "disabled"
        Output.standard.writeLine(PlainText.escaped("\(name) is \(state); \(next)"))
    }
}
