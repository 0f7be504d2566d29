internal import ArgumentParser
internal import WebhookCore
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

struct KeyGen: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keygen",
        abstract: "Makes a signing secret, a key or a token.",
        discussion: """
            A Standard Webhooks secret: whsec_… for HMAC-SHA256, alone on a line. With --ed25519 the signing key whsk_… \
            and, on a second line, the public key whpk_… that receivers verify with. The output is a secret file as it is: \
            readers of secrets pass over the public key.

            With --encryption a key for server.encryptionKey, 32 random bytes in base64; with --token a token for \
            server.tokens.

              (umask 077; webhooks keygen > config/secrets/crm.secret)
              (umask 077; webhooks keygen --ed25519 > config/secrets/erp.secret)
              (umask 077; webhooks keygen --encryption > config/webhooks.key)
            """
    )

    @Flag(name: .customLong("ed25519"), help: "A key pair, so that receivers can't sign.")
    var ed25519 = false

    @Flag(help: "A key that seals secrets in the store.")
    var encryption = false

    @Flag(help: "A token for the HTTP API.")
    var token = false

    @OptionGroup var options: OutputOptions
    @OptionGroup var unused: UnusedConfigurationOptions

    func validate() throws {
        if [ed25519, encryption, token].count(where: { $0 }) > 1 {
            throw ValidationError("give one of --ed25519, --encryption and --token")
        }
    }

    func run() throws {
        let pair =
            if encryption {
                Signatures.KeyPair(secret: ServerSecrets.encryptionKey(), publicKey: nil)
            } else if token {
                Signatures.KeyPair(secret: ServerSecrets.token(), publicKey: nil)
            } else {
                Signatures.generate(ed25519: ed25519)
            }
        if options.json {
            let object: JSONOutput = ["secret": .text(pair.secret.reveal()), "publicKey": .string(pair.publicKey)]
            return object.write()
        }
        Output.standard.writeLine(pair.secret.reveal())
        if let publicKey = pair.publicKey { Output.standard.writeLine(publicKey) }
    }
}
