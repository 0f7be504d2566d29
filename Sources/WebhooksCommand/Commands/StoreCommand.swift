internal import ArgumentParser
internal import WebhookCore
internal import Webhooks

struct StoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store",
        abstract: "Moves what a store holds.",
        subcommands: [StoreCopyCommand.self]
    )
}

struct StoreCopyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "copy",
        abstract: "Copies everything from one store into another.",
        discussion: """
            Between SQLite and PostgreSQL in either direction, or from file to file: events with their data byte for byte, \
            deliveries, attempts, what waits and what is paused, all with their ids. Both stores are held against dispatchers \
            meanwhile; one that runs is named. At the end everything in the copy is read again, and compared by counts and \
            checksums; then the copy is checked as `check` does it. Exits 1 where the store that was copied was damaged, and the copy is.

            Ctrl-C loses nothing: the same command goes on where it was. Until it is complete the copy can't be used for \
            anything else. TO must be new or empty; --restart begins an unfinished copy from the start. The store that is \
            copied stays as it is: stop what emits to it, and set `store:` to the new one before anything runs again. A \
            password is taken from PGPASSWORD, or from where else libpq finds it.

              webhooks store copy sqlite:var/webhooks.sqlite sqlite:copy.sqlite
            """
    )

    @Argument(help: "The store to copy: sqlite:PATH or postgres://USER@HOST/DATABASE.")
    var from: String

    @Argument(help: "The store that becomes the copy.")
    var to: String

    @Option(help: "The schema of a store on PostgreSQL. (default: webhooks)")
    var schema: String?

    @Flag(help: "Empties an unfinished copy first. Asks on a terminal; elsewhere it needs --yes.")
    var restart = false

    @Flag(help: "Doesn't ask.")
    var yes = false

    @OptionGroup var unused: UnusedConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let move = try StoreMove(from: from, to: to, schema: schema)
        if restart && !yes {
            guard Question.canAsk else {
                throw CommandFailure(
                    .negative,
                    code: WebhooksError.Code.refused.description,
                    "--restart deletes what the unfinished copy holds",
                    hint: "--yes does it; without --restart the copy goes on where it was"
                )
            }
            try Question.confirm("delete what the unfinished copy holds, and begin again?")
        }
        for text in [from, to] where StoreArgument.hasPassword(text) {
            Notice.warning("store", "a URL shows its password in the process list; use PGPASSWORD", asJSON: output.json)
        }
        let line = ProgressLine()
        let hasBegun = SharedFlag()
        let copying = Task { [restart] in
            try await move.run(restart: restart) { progress in
                hasBegun.raise()
                let verb = progress.phase == .copying ? "copying" : "comparing"
                line.update("\(verb) \(progress.table): \(Counted.text(progress.rows, "row"))")
            }
        }
        let trap = InterruptTrap { copying.cancel() }
        defer { line.clear() }
        let tables: [StoreCopy.TableResult]
        do {
            tables = try await copying.value
        } catch {
            line.clear()
            throw hasBegun.isRaised ? Self.failure(error) : error
        }
        withExtendedLifetime(trap) {}
        line.update("checking the copy")
        let damage = try await move.damage()
        line.clear()
        write(tables, isSound: damage == nil)
        guard let damage else { return }
        Notice.warning("damaged", "the copy has what was damaged before: \(damage)", asJSON: output.json)
        throw ExitStatus.negative
    }

    private static let goesOn = "nothing is lost: the same command goes on where it was"

    /// Says of an outage that what was copied is kept.
    static func failure(_ error: any Error) -> any Error {
        guard let store = (error as? WebhooksError)?.store, store.code == .unavailable,
            !store.message.contains(Self.goesOn), var failure = CommandFailure(error)
        else { return error }
        failure.hint = Self.goesOn
        return failure
    }

    private func write(_ tables: [StoreCopy.TableResult], isSound: Bool) {
        if output.json {
            let rows = tables.map { table -> JSONOutput in
                [
                    "table": .string(table.table), "rows": .integer(table.rows), "written": .integer(table.written),
                    "checksum": .string(String(UInt64(bitPattern: table.checksum), radix: 16)),
                ]
            }
            let object: JSONOutput = ["tables": .array(rows), "verified": .bool(isSound)]
            return object.write()
        }
        for table in tables where table.rows > 0 {
            Output.standard.writeLine("\(table.table)  \(Counted.text(table.rows, "row"))")
        }
        Output.standard.writeLine(
            isSound ? "complete: counts and checksums are equal" : "complete, and as damaged as what was copied"
        )
    }
}
