internal import ArgumentParser
internal import WebhookCore
internal import Webhooks

struct SendTest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Sends a test: one attempt with a topic's example.",
        discussion: """
            Marked as a test in the log and, where the profile has a flag for it, on the wire. Works while the \
            subscription is disabled, and with `enabled: false`. Sends whatever the filter and the topics say, with a \
            note where they would not let the event through. Exits 1 unless it was delivered. The example is the one that \
            `emit --example` sends; --profile takes a platform's own, and without --topic one of that platform's topics. \
            `webhooks topics list` shows whose examples there are.

              webhooks test crm
              webhooks test crm --topic course.created --json | jq .log
            """
    )

    @Argument(help: "The subscription's name.", completion: KnownCompletion.subscriptions)
    var subscription: String

    @Option(
        help: "Whose example. (default: the first topic that the subscription names)",
        completion: KnownCompletion.topics
    )
    var topic: String?

    @Option(help: "Whose example to send. (default: lms, or else the subscription's own profile)")
    var profile: String?

    @Option(
        help: ArgumentHelp(
            "How long to wait for the attempt, such as 500ms, 10s or 2m. (default: 30s)",
            valueName: "duration"
        ),
        transform: DurationArgument.read
    )
    var wait = DurationArgument(.seconds(30))

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let dispatcher = try await options.dispatcher(for: subscription)
        let event = try dispatcher.preview.testEvent(for: subscription, topic: topic, profile: profile)
        Notice.slip(event.topic, dispatcher.preview.slip(event.topic), asJSON: options.json)
        if let reason = dispatcher.preview.mismatch(of: event, for: subscription, isTest: true) {
            Notice.note("no_match", "\(subscription) would not get this event: \(reason)", asJSON: options.json)
        }
        let notes = (try? dispatcher.preview.render(event, for: subscription))?.notes ?? []
        if !notes.isEmpty { Notice.note("schema", PayloadCheckOutput.text(notes), asJSON: options.json) }
        let delivery = try await dispatcher.sendTest(
            to: subscription,
            topic: topic,
            profile: profile,
            timeout: wait.duration
        )
        let attempts = try await dispatcher.attempts(of: delivery.id)
        let owners = try await dispatcher.log.owners(of: [delivery.subscription])
        if options.json {
            DeliveryOutput.json(delivery, log: attempts, owners: owners).write()
        } else {
            DeliveryOutput.write(delivery, attempts, owners: owners)
        }
        if delivery.state != .delivered { throw ExitStatus.negative }
    }
}
