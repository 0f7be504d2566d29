internal import ArgumentParser
internal import WebhookCore
internal import WebhookReceiver
internal import Webhooks

struct Listen: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "A receiver for trying things: prints each request and answers as told.",
        discussion: """
            With a secret each request's signature is checked: Standard Webhooks, and what the built-in profiles send. \
            Ends with Ctrl-C.

              webhooks listen --port 8787 --secret-file config/secrets/standard.secret
              webhooks listen --fail-first 2 --delay 300ms     (to watch retries)
            """
    )

    @Option(help: "The address to listen on.")
    var host = "127.0.0.1"

    @Option(help: "The port; 0 for a free one. (default: 8787)", transform: NumberArgument.read(0...65_535))
    var port: UInt16 = 8787

    @Option(help: "The status to answer with, 200 to 599. (default: 204)", transform: NumberArgument.read(200...599))
    var status = 204

    @Option(
        help: ArgumentHelp("How long to wait before each answer, such as 300ms. (default: 0s)", valueName: "duration"),
        transform: DurationArgument.read
    )
    var delay = DurationArgument(.zero)

    @Option(
        help: ArgumentHelp("Answers this number of requests with 503 first. (default: 0)", valueName: "number"),
        transform: NumberArgument.read(0...Int.max)
    )
    var failFirst = 0

    @OptionGroup var secrets: SecretOptions
    @OptionGroup var options: OutputOptions
    @OptionGroup var unused: UnusedConfigurationOptions

    func run() async throws {
        let check = try secrets.read().map { SignatureCheck(secret: $0, profiles: TopicCatalog().profiles) }
        let (status, delay, failFirst, asJSON) = (status, delay.duration, failFirst, options.json)
        let receiver = try Receiver(ReceiverOptions(host: host, port: port, recordsRequests: false)) { request in
            let response = request.number <= failFirst ? 503 : status
            let verdict = check?.verdict(headers: request.headers, body: request.body)
            let received = ReceivedOutput(request: request, verdict: verdict, status: response)
            if asJSON {
                received.json.write()
            } else {
                received.write()
            }
            Output.standard.flush()
            return .status(response, delay: delay)
        }
        if asJSON {
            let object: JSONOutput = ["listening": .text(receiver.url)]
            object.write()
        } else {
            Output.standard.writeLine("listening on \(receiver.url), answering \(status); Ctrl-C ends")
        }
        Output.standard.flush()
        let (stops, stop) = AsyncStream<Void>.makeStream()
        let trap = InterruptTrap { stop.finish() }
        for await _ in stops {}
        withExtendedLifetime(trap) { receiver.stop() }
    }
}
