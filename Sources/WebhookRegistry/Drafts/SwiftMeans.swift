/// The functions that a host calls where a user of the command line runs a command, for problems of subscriptions as values.
enum SwiftMeans {
    /// A problem's message with functions in place of commands.
    static func text(_ message: String) -> String {
        guard message.contains("`webhooks ") else { return message }
        return message.replacing("`webhooks keygen --ed25519`", with: "`Signatures.generate(ed25519: true)`")
            .replacing("`webhooks keygen`", with: "`Signatures.generate(ed25519: false)`")
            .replacing(#/`webhooks topics list --profile ([^`]*)`/#) { "`topics.entries(profile: \"\($0.1)\")`" }
            .replacing(#/`webhooks topics show[^`]*`/#) { _ in "`topics.topic(_:)`" }
    }
}
