internal import ArgumentParser
internal import WebhookCore
internal import Webhooks

struct Reseal: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Seals the secrets in the store with the first encryption key.",
        discussion: """
            To change the key: put the new one in front of `server.encryptionKey`, reload what uses the store (a key from the environment \
            takes a restart), reseal, then take the old one out. It may run beside a server, be interrupted, and go on when it is run again. Exits 1 while \
            something is sealed with another key.

              webhooks reseal --dry-run
              webhooks reseal
            """
    )

    @Flag(help: "Says how much is sealed with which key, and changes nothing.")
    var dryRun = false

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let dispatcher = try await options.dispatcher(holdsBroken: true, followsStore: false)
        let keys = dispatcher.registry.settings.server.encryptionKeys
        let trap = InterruptTrap()
        let line = ProgressLine()
        let report = try await dispatcher.administration.reseal(with: keys, changes: !dryRun) { report in
            line.update("\(Counted.text(report.subscriptions, "subscription")) looked at, \(report.resealed) sealed")
            return !trap.isTriggered
        }
        line.clear()
        if keys.isEmpty, report.left > 0 {
            throw CommandFailure(
                .data,
                code: WebhooksError.Code.configuration.description,
                "the configuration has no `server.encryptionKey`, and \(Counted.text(report.left, "subscription")) in the store "
                    + "can't be opened without the key that sealed them",
                hint: "add that key; `webhooks keygen --encryption` makes a new one, to stand before it"
            )
        }
        if trap.isTriggered {
            let message = "interrupted: what is sealed stays so, and the next run goes on"
            Notice.warning("interrupted", message, asJSON: options.json)
        }
        write(report)
        if trap.isTriggered || !report.isComplete { throw ExitStatus.negative }
    }

    private func write(_ report: SealingReport) {
        let remaining = report.remaining.sorted { $0.key < $1.key }
        if options.json {
            let object: JSONOutput = [
                "key": .string(report.currentKey), "subscriptions": .integer(report.subscriptions),
                "resealed": .integer(report.resealed), "left": .integer(report.left),
                "remaining": .object(remaining.map { ($0.key, .integer($0.value)) }),
                "unknownKeys": .strings(report.unknownKeys.sorted()), "damaged": .strings(report.damaged),
            ]
            return object.write()
        }
        let output = Output.standard
        let sealed = dryRun ? "" : ", \(report.resealed) of them now"
        let current = Counted.text(report.subscriptions - report.left, "subscription")
        guard let key = report.currentKey else {
            return output.writeLine("the store has no sealed secrets, nor is there a key")
        }
        output.writeLine("\(current) sealed with the first key, \(key)\(sealed)")
        for (key, count) in remaining {
            let isUnknown = report.unknownKeys.contains(key)
            let hint = isUnknown ? ", which `server.encryptionKey` doesn't list: nobody can open them" : ""
            output.writeLine("\(Counted.text(count, "subscription")) left with the key \(key)\(hint)")
        }
        for id in report.damaged.prefix(100) {
            output.writeLine(
                "\(PlainText.escaped(id)): its secret was changed, or belongs elsewhere; give it a new one"
            )
        }
    }
}
