internal import ArgumentParser
internal import Webhooks

struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Sends what a paused subscription holds.",
        discussion: """
            Within its limits, in the order in which it is due.

              webhooks resume crm
            """
    )

    @Argument(help: "The subscription's name.")
    var subscription: String

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let opened = try options.openLog()
        let pause = try await opened.log.resume(subscription: subscription, configured: opened.configuredNames)
        if options.json { return Pause.json(pause).write() }
        var line = "\(pause.subscription) \(pause.wasPaused ? "is resumed" : "was not paused")"
        if pause.wasPaused, pause.open.waiting > 0 {
            line += "; \(Counted.deliveries(pause.open.waiting)) \(pause.open.waiting == 1 ? "goes" : "go") on"
            if opened.log.runningDispatcher()?.isStopping != false { line += " once a dispatcher runs: `webhooks run`" }
        }
        Output.standard.writeLine(PlainText.escaped(line))
    }
}
