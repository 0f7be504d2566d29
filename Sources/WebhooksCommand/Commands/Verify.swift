internal import ArgumentParser
internal import Webhooks

struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Checks a Standard Webhooks signature.",
        discussion: """
            Exits 0 where one of the signatures is right, else 1. For Ed25519 the public key whpk_… serves as secret. \
            How old the timestamp is, is for you to judge.

              webhooks verify --id msg_1 --timestamp 1772357400 --data @body.json \\
                --signature 'v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=' \\
                --secret-env WEBHOOK_SECRET
            """
    )

    @OptionGroup var message: SignedMessageOptions

    @Option(help: "The value of webhook-signature; several are separated by spaces.")
    var signature: String

    @OptionGroup var secrets: SecretOptions
    @OptionGroup var options: OutputOptions
    @OptionGroup var unused: UnusedConfigurationOptions

    func validate() throws {
        try secrets.require()
    }

    func run() throws {
        let key = try secrets.required()
        let body = try message.body(asJSON: options.json)
        let isValid = Signatures.verify(
            id: message.id,
            timestamp: message.timestamp,
            body: body,
            signatures: signature,
            key: key
        )
        if options.json {
            let object: JSONOutput = ["valid": .bool(isValid)]
            object.write()
        } else {
            Output.standard.writeLine(isValid ? "valid" : "not valid")
        }
        if !isValid { throw ExitStatus.negative }
    }
}
