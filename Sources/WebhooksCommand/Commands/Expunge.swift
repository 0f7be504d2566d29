internal import ArgumentParser
internal import WebhookCore
internal import Webhooks

struct Expunge: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Erases what events carried from the store's files.",
        discussion: """
            Data, tenant, bodies, header values and answers, and of a message its eventId, channels and tags are written over, also \
            in freed pages and in the write-ahead log. A tombstone keeps id, topic and times; it is never sent again, and its id \
            stays taken. What is open is refused, or cancelled first with --cancel. Asks on a terminal. Backups and exports that were made before still have it.

              webhooks expunge evt_01KB6RZ3V8Q4W7N2M5T9XJ0ACD
              webhooks expunge reminder-7 --cancel --yes
            """
    )

    @Argument(help: "Ids of events.", completion: KnownCompletion.events)
    var ids: [String]

    @Flag(help: "Cancels what is open of them first.")
    var cancel = false

    @Option(
        help: ArgumentHelp(
            "How long to wait for the dispatcher to empty the write-ahead log. (default: 15s)",
            valueName: "duration"
        ),
        transform: DurationArgument.read
    )
    var wait = DurationArgument(.seconds(15))

    @Flag(help: "Doesn't ask.")
    var yes = false

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let opened = try options.openLog()
        let log = opened.log
        // Of one that is damaged nothing else can be read, and it may be why it is erased.
        for id in ids where try await log.loggedEvent(id) == nil {
            let others = ids.count > 1 ? "nothing was erased, nor of the others; " : ""
            throw try await IDHint.noEvent(id, in: log, hint: others + "`webhooks events list` shows those there are")
        }
        if !yes {
            let what = ids.count == 1 ? "the event \(ids[0])" : "\(ids.count) events"
            try Question.confirm("erase \(what) for good, with deliveries, bodies and answers?")
        }
        let waiting = LongWait("for the store, and for a dispatcher to empty its write-ahead log")
        let result: Result<Expunged, WebhooksError>
        do throws(WebhooksError) {
            result = .success(
                try await opened.administration.expunge(ids, cancels: cancel, waiting: wait.duration)
            )
        } catch {
            result = .failure(error)
        }
        await waiting.end()
        let done = try result.get()
        write(done.result)
        if !done.isLogEmptied {
            let silence = await log.runningDispatcher().flatMap(Self.silence)
            let message = "the write-ahead log still holds older pages: \(silence ?? Self.text(done.obstacle))"
            Notice.warning("wal", message, asJSON: options.json)
        }
        if !done.result.open.isEmpty || !done.result.unknown.isEmpty || !done.isLogEmptied { throw ExitStatus.negative }
    }

    private static func text(_ obstacle: EmptyingObstacle?) -> String {
        switch obstacle {
        case .reader: "a program reads the store; end it, and run the command again"
        case .writer: "programs write to the store without a pause; run the command again when they rest"
        case .store("full"):
            "there is no room on the store's disk to empty it; make some, and run the command again"
        case .store(let code):
            "the store fails (\(code)); `webhooks doctor` looks for the reason; then run the command again"
        case nil: "the dispatcher has not got to it within --wait; run the command again"
        }
    }

    /// Says that the dispatcher, which alone may empty the log, has not done so because it does nothing.
    private static func silence(_ running: WebhookLog.RunningDispatcher) -> String? {
        // It was waited for already: two signs that didn't come are enough.
        guard let age = running.lastSignOfLife, age > .seconds(11) else { return nil }
        return
            "the dispatcher, process \(running.processID), would empty it and doesn't respond "
            + "(\(DispatcherText.silence(age))); continue or end it, and run the command again"
    }

    private func write(_ result: ExpungeResult) {
        if options.json {
            let object: JSONOutput = [
                "events": .strings(result.events), "deliveries": .integer(result.deliveries),
                "attempts": .integer(result.attempts), "open": .strings(result.open),
                "unknown": .strings(result.unknown),
            ]
            return object.write()
        }
        for id in result.events { Output.standard.writeLine("erased   \(PlainText.escaped(id))") }
        for id in result.unknown { Output.standard.writeLine("unknown  \(PlainText.escaped(id))") }
        for id in result.open {
            let hint = cancel ? "an attempt is under way; again in a moment" : "it is open; --cancel cancels it first"
            Output.standard.writeLine("left     \(PlainText.escaped(id)): \(hint)")
        }
    }
}
