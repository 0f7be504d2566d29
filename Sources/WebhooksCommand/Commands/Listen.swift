internal import ArgumentParser
internal import WebhookCore
internal import WebhookReceiver
internal import Webhooks

struct Listen: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "A receiver for trying things: prints each request and answers as told.",
        discussion: """
            With a secret each request's signature is checked: Standard Webhooks, and what the built-in profiles send. Without \
            one it is checked with the secrets of the configuration's subscriptions that send to the request's path; where there \
            is none, the request says `signature: not checked`. Whatever the signature, it is answered as told. \
            Ends with Ctrl-C, or after --exit-after requests. With --forward-to a program that is being tried gets the same \
            headers and bytes, one request at a time, and its answer goes back; 502 where there is none. A URL without a \
            path keeps the path and query of the requests.

              webhooks listen --port 8787 --secret-file config/secrets/standard.secret
              webhooks listen --fail-first 2 --delay 300ms     (to watch retries)
              webhooks listen --forward-to http://127.0.0.1:3000/webhooks
            """
    )

    @Option(help: "The address to listen on.")
    var host = "127.0.0.1"

    @Option(help: "The port; 0 for a free one. (default: 8787)", transform: NumberArgument.read(0...65_535))
    var port: UInt16 = 8787

    @Option(help: "The status to answer with, 200 to 599. (default: 204)", transform: NumberArgument.read(200...599))
    var status: Int?

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

    @Option(help: ArgumentHelp("Passes each request on, and answers what is answered there.", valueName: "url"))
    var forwardTo: String?

    @Flag(help: "Takes HTTPS, with a certificate made for a day; says which file to trust (`tls: { ca: FILE }`).")
    var tls = false

    @Option(
        help: ArgumentHelp("Ends after this number of requests.", valueName: "number"),
        transform: NumberArgument.read(1...Int.max)
    )
    var exitAfter: Int?

    @OptionGroup var secrets: SecretOptions
    @OptionGroup var options: ConfigurationOptions

    func validate() throws {
        if forwardTo != nil, status != nil {
            throw ValidationError(
                "--status excludes --forward-to: the program's answer counts; --fail-first works with it"
            )
        }
    }

    func run() async throws {
        let check = try secrets.read().map { SignatureCheck(secret: $0, profiles: TopicCatalog().profiles) }
        let configured = check == nil ? try options.pathSecrets() : nil
        let (answer, delay, failFirst, asJSON) = (status ?? 204, delay.duration, failFirst, options.json)
        let forwarder = try forwardTo.map { url throws(WebhooksError) in try RequestForwarder(to: url) }
        let (stops, stop) = AsyncStream<Void>.makeStream()
        let exitAfter = exitAfter ?? .max
        let inner =
            tls
            ? ReceiverOptions(recordsRequests: false) : ReceiverOptions(host: host, port: port, recordsRequests: false)
        let receiver = try Receiver(inner) { request in
            guard request.number <= exitAfter else { return .status(503, closesConnection: true) }
            let isRefused = request.number <= failFirst
            let forwarded =
                isRefused
                ? nil
                : forwarder?.forward(
                    method: request.method,
                    target: request.target,
                    headers: request.headers,
                    body: request.body
                )
            let response = forwarded?.status ?? (isRefused ? 503 : answer)
            let verdict =
                check?.verdict(headers: request.headers, body: request.body) ?? configured?.verdict(request)
            var received = ReceivedOutput(request: request, verdict: verdict, status: response)
            received.problem = forwarded?.problem
            if asJSON {
                received.json.write()
            } else {
                received.write()
            }
            Output.standard.flush()
            if request.number == exitAfter {
                // Once the answer has left.
                Task {
                    try? await Task.sleep(for: delay + .milliseconds(200))
                    stop.finish()
                }
            }
            guard let forwarded else { return .status(response, delay: delay) }
            return .status(response, headers: forwarded.headers, body: forwarded.body, delay: delay)
        }
        let front = tls ? try TLSFront(ReceiverOptions(host: host, port: port), receiver: receiver.port) : nil
        let certificate = try front.map { try CertificateFile($0.certificate, port: $0.port) }
        let url = front.map { "https://\(Self.bracketed(host)):\($0.port)" } ?? receiver.url
        if asJSON {
            var members: [(String, JSONOutput)] = [("listening", .text(url))]
            if let certificate { members.append(("certificate", .text(certificate.path))) }
            JSONOutput.object(members).write()
        } else {
            let what = forwardTo.map { "forwarding to \($0)" } ?? "answering \(answer)"
            Output.standard.writeLine(PlainText.escaped("listening on \(url), \(what); Ctrl-C ends"))
            if let certificate {
                Output.standard.writeLine(PlainText.escaped("certificate to trust: \(certificate.path)"))
            }
        }
        if check == nil, configured?.isEmpty ?? true {
            let advice = "--secret-file FILE or --secret-env NAME names the secret"
            Notice.note("signatures", "no secret is known: signatures are not checked; \(advice)", asJSON: asJSON)
        }
        Output.standard.flush()
        let trap = InterruptTrap { stop.finish() }
        for await _ in stops {}
        forwarder?.stop()
        front?.stop()
        withExtendedLifetime((trap, certificate)) { receiver.stop() }
    }

    private static func bracketed(_ host: String) -> String { host.contains(":") ? "[\(host)]" : host }
}
