internal import ArgumentParser
internal import Webhooks

struct Sign: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints a Standard Webhooks signature.",
        discussion: """
            The signature alone, as it goes into webhook-signature: v1,… for whsec_…, v1a,… for whsk_….

              webhooks sign --id msg_1 --timestamp 1772357400 --data @b.json --secret-file s
            """
    )

    @OptionGroup var message: SignedMessageOptions
    @OptionGroup var secrets: SecretOptions
    @OptionGroup var options: OutputOptions
    @OptionGroup var unused: UnusedConfigurationOptions

    func validate() throws {
        try secrets.require()
    }

    func run() throws {
        let secret = try secrets.required()
        let signature = try Signatures.sign(
            id: message.id,
            timestamp: message.timestamp,
            body: try message.body(asJSON: options.json),
            secret: secret
        )
        if options.json {
            let object: JSONOutput = ["signature": .text(signature)]
            object.write()
        } else {
            Output.standard.writeLine(signature)
        }
    }
}
