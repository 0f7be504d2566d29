internal import ArgumentParser
internal import Webhooks

struct KeyGen: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keygen",
        abstract: "Makes a signing secret.",
        discussion: """
            A Standard Webhooks secret: whsec_… for HMAC-SHA256, alone on a line. With --ed25519 the signing key whsk_… \
            and, on a second line, the public key whpk_… that receivers verify with. The output is a secret file as it is: \
            readers of secrets pass over the public key.

              (umask 077; webhooks keygen > config/secrets/crm.secret)
              (umask 077; webhooks keygen --ed25519 > config/secrets/erp.secret)
            """
    )

    @Flag(name: .customLong("ed25519"), help: "A key pair, so that receivers can't sign.")
    var ed25519 = false

    @OptionGroup var options: OutputOptions
    @OptionGroup var unused: UnusedConfigurationOptions

    func run() throws {
        let pair = Signatures.generate(ed25519: ed25519)
        if options.json {
            let object: JSONOutput = ["secret": .text(pair.secret.reveal()), "publicKey": .string(pair.publicKey)]
            return object.write()
        }
        Output.standard.writeLine(pair.secret.reveal())
        if let publicKey = pair.publicKey { Output.standard.writeLine(publicKey) }
    }
}
