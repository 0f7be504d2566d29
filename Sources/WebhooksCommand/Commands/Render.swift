internal import ArgumentParser
internal import WebhookCore
internal import Webhooks

struct Render: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints the exact HTTP request that an event would make.",
        discussion: """
            Neither sends nor stores anything. Credentials are *** unless --show-secrets; signatures are shown. With \
            --at and --id the output repeats byte for byte. A subscription that would not get the event is rendered for \
            all the same, with a note on stderr that says why not. The example is the one that `emit --example` sends; \
            --profile takes a platform's own.

              webhooks render loopwise course.created --data @d.json --id evt_1 \\
                --at 2026-03-01T09:30:00Z
              webhooks render crm course.enrollment --example --body-only | jq .
            """
    )

    @Argument(help: "The subscription's name.", completion: KnownCompletion.subscriptions)
    var subscription: String

    @Argument(help: "Such as course.created.", completion: KnownCompletion.topics)
    var topic: String

    @OptionGroup var payload: DataOptions

    @Option(help: "Whose example. (default: lms, or else the subscription's own profile)")
    var profile: String?

    @Option(help: "The event's id. (default: a generated one)")
    var id: String?

    @Option(help: "The event's tenant.")
    var tenant: String?

    @Option(
        help: ArgumentHelp(
            "When it happened, and the signature's time: RFC 3339, such as 2026-03-01T09:30:00Z. (default: now)",
            valueName: "time"
        ),
        transform: TimeArgument.read
    )
    var at: TimeArgument?

    @Flag(help: "Marks the event as a test.")
    var test = false

    @Flag(help: "Prints the body's bytes and nothing else.")
    var bodyOnly = false

    @Flag(help: "Prints credentials as they go out.")
    var showSecrets = false

    @OptionGroup var options: ConfigurationOptions

    func validate() throws {
        try payload.require()
        if profile != nil && !payload.example {
            throw ValidationError("--profile is for --example: whose example it is")
        }
    }

    func run() async throws {
        let dispatcher = try await options.dispatcher(for: subscription)
        let names = dispatcher.registry.subscriptions.map(\.name)
        if let problem = Self.swapped(subscription, topic, among: names) {
            throw CommandFailure(.negative, code: WebhooksError.Code.notFound.description, problem)
        }
        // Before anything else is said about an event for nobody.
        let known = try dispatcher.preview.subscription(named: subscription)
        let data =
            payload.example
            ? try dispatcher.preview.exampleData(of: topic, for: known, profile: profile) : try payload.read()
        let instant = at?.instant ?? .now
        let event = try Event(
            topic: topic,
            data: data,
            id: id,
            tenant: tenant,
            occurredAt: instant,
            isTest: test
        )
        Notice.slip(topic, dispatcher.preview.slip(topic), asJSON: options.json)
        // Before the rendering, which may fail for that very reason.
        if let reason = dispatcher.preview.mismatch(of: event, for: subscription) {
            Notice.note("no_match", "\(subscription) would not get this event: \(reason)", asJSON: options.json)
        }
        let request = try dispatcher.preview.render(event, for: subscription, at: instant)
        if !request.notes.isEmpty {
            Notice.note("schema", PayloadCheckOutput.text(request.notes), asJSON: options.json)
        }
        write(request, to: showSecrets ? known.url : nil)
    }

    /// Returns the message to show where the two arguments stand in each other's place.
    static func swapped(_ subscription: String, _ topic: String, among names: [String]) -> String? {
        guard !names.contains(subscription), names.contains(topic) else { return nil }
        return "\(topic) is a subscription: webhooks render \(topic) \(subscription) …"
    }

    /// - Parameter endpoint: given where secrets are to be shown.
    private func write(_ request: WebhookPreview.RenderedRequest, to endpoint: EndpointURL?) {
        if bodyOnly { return writeBody(request.body) }
        let headers = endpoint == nil ? request.headers : request.revealedHeaders
        if options.json {
            let object = JSONOutput.object([
                ("method", .text(request.method)),
                ("url", .text(endpoint?.reveal() ?? request.url)),
                ("headers", AttemptOutput.headers(headers)),
                AttemptOutput.body("body", request.body),
            ])
            return object.write()
        }
        let isShown = Terminal.standardOutput.isTerminal
        func line(_ text: String) { Output.standard.writeLine(isShown ? PlainText.escaped(text) : text) }
        line("\(request.method) \(endpoint?.target ?? request.target) HTTP/1.1")
        for header in headers { line("\(header.name): \(header.value)") }
        Output.standard.writeLine()
        writeBody(request.body)
        // A prompt belongs on a line of its own; what reads the bytes gets these and no more.
        if isShown { Output.standard.writeLine() }
    }

    /// The body's bytes; on a terminal, where they might act, escaped.
    private func writeBody(_ body: ByteString) {
        let isShown = Terminal.standardOutput.isTerminal
        Output.standard.write(isShown ? Array(PlainText.escapedLines(body.text).utf8) : body.bytes)
    }
}
