internal import ArgumentParser
internal import WebhookCore
internal import Webhooks

struct Secrets: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Signing secrets that are kept in files.",
        subcommands: [SecretsRotate.self]
    )
}

struct SecretsRotate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Replaces a subscription's signing secret; the old one signs too for a while.",
        discussion: """
            For a secret in a file, `secrets: [{ file: PATH }]`: the new one goes into PATH (mode 0600), the old one into \
            PATH.previous, with the time at which it stops signing. A running dispatcher takes both up within a second. Until \
            then requests carry both signatures, so that receivers change over in their own time. Never prints a secret.

            Where a profile's header carries one signature, the new secret signs alone at once: receivers must know it before. \
            That is refused without --yes, and asked about on a terminal.

              webhooks secrets rotate crm --grace 24h
              webhooks secrets rotate crm --secret-file new.secret --grace 7d
            """
    )

    @Argument(help: "The subscription's name.", completion: KnownCompletion.configuredSubscriptions)
    var subscription: String

    @Option(
        help: ArgumentHelp(
            "How long the old secret signs too, such as 24h; 0s for not at all. (default: 24h)",
            valueName: "duration"
        ),
        transform: DurationArgument.read
    )
    var grace = DurationArgument(.seconds(86_400))

    @OptionGroup var secrets: SecretOptions

    @Flag(help: "Doesn't ask, and goes on where the old secret can't sign beside.")
    var yes = false

    @OptionGroup var options: ConfigurationOptions

    func validate() throws {
        if grace.duration > .seconds(365 * 86_400) { throw ValidationError("--grace is at most 365d") }
    }

    func run() throws {
        let given = try secrets.read()
        let rotation = try SecretRotation(options.configuration, subscription: subscription)
        if !yes { try confirm(rotation) }
        let outcome = try rotation.rotate(to: given, grace: grace.duration)
        if options.json {
            let object: JSONOutput = [
                "subscriptions": .strings(outcome.subscriptions), "file": .text(outcome.file),
                "until": .time(outcome.until), "publicKey": .string(outcome.publicKey),
            ]
            return object.write()
        }
        let who = outcome.subscriptions.joined(separator: ", ")
        let sign = outcome.subscriptions.count == 1 ? "signs" : "sign"
        let old = outcome.until.map { "the old one signs too until \($0)" } ?? "the old one signs nothing any more"
        Output.standard.writeLine(PlainText.escaped("\(who) \(sign) with a new secret, in \(outcome.file); \(old)"))
        if let key = outcome.publicKey { Output.standard.writeLine("public key for receivers: \(key)") }
    }

    private func confirm(_ rotation: SecretRotation) throws {
        let others = rotation.subscriptions.filter { $0 != subscription }
        let also = others.isEmpty ? "" : " (\(others.joined(separator: ", ")) too: one file)"
        guard rotation.isAlone || grace.duration == .zero else {
            return others.isEmpty ? () : try Question.confirm("replace the secret of \(subscription)\(also)?")
        }
        let alone = rotation.isAlone ? "a request carries one signature alone: " : ""
        let text = "\(alone)the old secret of \(subscription)\(also) stops signing at once"
        guard Question.canAsk else {
            let hint = "give receivers the new secret first (--secret-file), then --yes"
            throw CommandFailure(.negative, code: WebhooksError.Code.refused.description, text, hint: hint)
        }
        try Question.confirm("\(text). Replace it?")
    }
}
