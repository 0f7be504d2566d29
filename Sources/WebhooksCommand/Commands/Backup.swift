internal import ArgumentParser
internal import WebhookCore
internal import Webhooks

struct Backup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes a checked copy of the store to a new file, also while a dispatcher runs.",
        discussion: """
            The copy is one consistent state, for its owner alone (mode 0600), and is read through as `check` does before it \
            gets its name. A file that is there is never overwritten. Ctrl-C ends it and leaves nothing behind. To restore: \
            stop what uses the store, delete its -wal and -shm files, put the copy in its place.

              webhooks backup backup.sqlite
              webhooks check --store sqlite:backup.sqlite
            """
    )

    @Argument(help: "A file that is not there yet.", completion: .file())
    var file: String

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let log = try options.openLog().log
        let copying = Task { try await log.backUp(to: file) }
        let trap = InterruptTrap { copying.cancel() }
        let size = try await copying.value
        withExtendedLifetime(trap) {}
        if options.json {
            let object: JSONOutput = ["file": .text(file), "bytes": .integer(size), "verified": .bool(true)]
            return object.write()
        }
        Output.standard.writeLine(PlainText.escaped("\(file): \(SizeText.short(size)), checked"))
    }
}
