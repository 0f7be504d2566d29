internal import ArgumentParser
internal import WebhookCore
internal import Webhooks

struct Pause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Holds a subscription's deliveries, first attempts too.",
        discussion: """
            Nothing is cancelled, and nothing counts as failure: events that are emitted meanwhile are matched, rendered \
            and wait. An attempt that is under way ends. Kept in the store, and in force within 250 ms where a dispatcher \
            runs. Ends with `webhooks resume`, or after --for by itself; disableAfter then counts from the beginning. \
            `webhooks test` works meanwhile.

              webhooks pause crm
              webhooks pause crm --for 2h
            """
    )

    @Argument(help: "The subscription's name.", completion: KnownCompletion.subscriptions)
    var subscription: String

    @Option(
        name: .customLong("for"),
        help: ArgumentHelp("Ends it by itself after so long: 30m, 2h, 5d; at most 365d.", valueName: "duration"),
        transform: DurationArgument.read
    )
    var length: DurationArgument?

    @OptionGroup var options: ConfigurationOptions

    func validate() throws {
        if let length, length.duration < .milliseconds(1) || length.duration > WebhookAdministration.longestPause {
            throw ValidationError("--for must be at least 1ms and at most 365d; leave it out to pause until `resume`")
        }
    }

    func run() async throws {
        let opened = try options.openLog()
        let pause = try await opened.administration.pause(
            subscription: subscription,
            for: length?.duration
        )
        if options.json { return Self.json(pause).write() }
        let state = pause.paused.map { PausedNotice.state(pause.subscription, $0) } ?? ""
        var line = "\(state); `webhooks resume \(pause.subscription)` lifts it"
        if pause.open.waiting > 0 { line += ". \(Counted.deliveries(pause.open.waiting)) held" }
        if pause.open.inFlight > 0 { line += ". \(Counted.text(pause.open.inFlight, "attempt")) under way" }
        Output.standard.writeLine(PlainText.escaped(line))
    }

    static func json(_ pause: WebhookAdministration.Pause) -> JSONOutput {
        [
            "subscription": .text(pause.subscription),
            "paused": .bool(pause.paused != nil),
            "pausedUntil": .time(pause.paused?.until),
            "waiting": .integer(pause.open.waiting),
            "inFlight": .integer(pause.open.inFlight),
        ]
    }
}

struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Sends what a paused subscription holds.",
        discussion: """
            Within its limits, in the order in which it is due.

              webhooks resume crm
            """
    )

    @Argument(help: "The subscription's name.", completion: KnownCompletion.subscriptions)
    var subscription: String

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let opened = try options.openLog()
        let pause = try await opened.administration.resume(subscription: subscription)
        if options.json { return Pause.json(pause).write() }
        var line = "\(pause.subscription) \(pause.wasPaused ? "is resumed" : "was not paused")"
        if pause.wasPaused, pause.open.waiting > 0 {
            line += "; \(Counted.deliveries(pause.open.waiting)) \(pause.open.waiting == 1 ? "goes" : "go") on"
            switch await opened.log.dispatcherPresence() {
            case .running(let running) where !running.isStopping: break
            case .reconnecting(let lost): line += " once a dispatcher is back; \(lost.text)"
            case .running, .none: line += " once a dispatcher runs: \(DispatcherText.start)"
            }
        }
        Output.standard.writeLine(PlainText.escaped(line))
    }
}
