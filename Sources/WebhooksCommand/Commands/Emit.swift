internal import ArgumentParser
internal import Webhooks

struct Emit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stores an event durably and delivers it.",
        discussion: """
            Returns when every delivery has had its first attempt, and exits 1 when one of them isn't delivered, also if \
            it will be retried. Scripts that only need the event to be safe use --detach. The same --id with the same \
            content is stored and delivered once.

              webhooks emit course.created --data '{"id":101}' --tenant school-42
              webhooks emit payment.reminder --data @payment.json --in 60m --id reminder-7
              webhooks emit course.created --example --profile braincert
              pg-export | webhooks emit --batch - --keep-going

            A batch has one event a line: {"topic":…,"data":…} and, where wanted, "id", "tenant", "occurredAt", \
            "deliverAt", "test". A bad line is reported by its number, and nothing of the batch is stored.
            """
    )

    @Argument(help: "Such as course.created.")
    var topic: String?

    @OptionGroup var payload: DataOptions

    @Option(help: "Whose example. (default: the first profile that lists the topic)")
    var profile: String?

    @Option(help: "An idempotency key. (default: a generated id)")
    var id: String?

    @Option(help: "The event's tenant: reaches only subscriptions of this tenant or of none.")
    var tenant: String?

    @Option(help: "When it happened: RFC 3339. (default: now)")
    var at: MomentArgument?

    @Option(help: "When to deliver it; until then `webhooks cancel` withdraws it.")
    var deliverAt: MomentArgument?

    @Option(name: .customLong("in"), help: "Delivers it so much later: 90s, 60m, 2h, 5d.")
    var delay: DurationArgument?

    @Flag(help: "Marks the event as a test.")
    var test = false

    @Option(
        help: ArgumentHelp("Emits the events of a file, one a line; - for stdin.", valueName: "file|-"),
        completion: .file()
    )
    var batch: String?

    @Flag(help: "Emits the good lines of a batch although others are bad; still exits 65.")
    var keepGoing = false

    @Flag(help: "Returns once the event is on disk; a dispatcher delivers it.")
    var detach = false

    @Option(help: "How long to wait for the first attempts.")
    var wait = DurationArgument(.seconds(30))

    @OptionGroup var options: ConfigurationOptions

    func validate() throws {
        if batch == nil {
            guard topic != nil else {
                throw ValidationError("missing the topic, such as course.created; or --batch FILE")
            }
            if payload.data == nil && !payload.example {
                throw ValidationError("missing --data: JSON, @FILE or - for stdin; or --example")
            }
            if keepGoing { throw ValidationError("--keep-going is for --batch") }
        } else if topic != nil || payload.data != nil || payload.example || id != nil || tenant != nil || at != nil
            || deliverAt != nil || delay != nil || test
        {
            throw ValidationError("--batch takes its events' topics, data and everything else from its lines")
        }
        if profile != nil && !payload.example {
            throw ValidationError("--profile is for --example: whose example it is")
        }
        if deliverAt != nil && delay != nil { throw ValidationError("--deliver-at and --in exclude each other") }
    }

    func run() async throws {
        let dispatcher = try await options.dispatcher()
        FileDescriptors.raiseLimit()
        if let batch {
            try await EmitBatch(dispatcher: dispatcher, emit: self).run(path: batch)
        } else if let topic {
            try await run(try await event(topic, dispatcher), on: dispatcher)
        }
    }

    private func event(_ topic: String, _ dispatcher: WebhookDispatcher) async throws -> Event {
        let data = payload.example ? try dispatcher.exampleData(of: topic, profile: profile) : try payload.read()
        var event = try Event(
            topic: topic,
            data: data,
            id: id,
            tenant: tenant,
            occurredAt: at?.moment,
            deliverAt: deliverAt?.moment,
            isTest: test
        )
        if let delay {
            event.deliverAt = .now + delay.duration
            // The same command a moment later means the same event, not another one that is due later.
            if id != nil, let due = try await dispatcher.storedDueTime(of: event.id) { event.deliverAt = due }
        }
        return event
    }

    private func run(_ event: Event, on dispatcher: WebhookDispatcher) async throws {
        if detach || event.deliverAt != nil {
            let receipt = try await dispatcher.emit(event)
            return try await report(receipt, on: dispatcher, deliveries: [], isDetached: true)
        }
        // Before a store is made for it.
        try dispatcher.check(event)
        let trap = InterruptTrap()
        let (receipt, wait, deliveries) = try await dispatcher.delivering(as: .emit) { () throws(WebhooksError) in
            let receipt = try await dispatcher.emitWithinCommand(event)
            let waiting = FirstAttemptsWait(dispatcher: dispatcher, trap: trap)
            let wait = try await waiting.run(events: [event.id], timeout: self.wait.duration)
            return (receipt, wait, try await dispatcher.deliveries(ofEvents: [event.id]))
        }
        try await report(receipt, on: dispatcher, deliveries: deliveries, isDetached: false)
        try await PausedNotice.write(deliveries, on: dispatcher, asJSON: options.json)
        if !wait.areDone || deliveries.contains(where: { $0.state != .delivered }) { throw ExitStatus.negative }
    }

    private func report(
        _ receipt: EmitReceipt,
        on dispatcher: WebhookDispatcher,
        deliveries: [Delivery],
        isDetached: Bool
    ) async throws {
        // What came first counts: it may have happened at another time than this one says.
        let event = receipt.isDuplicate ? try await dispatcher.event(receipt.event.id) ?? receipt.event : receipt.event
        let emitted = EmittedEvent(event: event, isDuplicate: receipt.isDuplicate, deliveries: deliveries)
        if options.json {
            emitted.json.write()
        } else {
            emitted.write(isDetached: isDetached)
        }
    }
}
