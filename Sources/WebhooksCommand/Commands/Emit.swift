internal import ArgumentParser
internal import WebhookCore
internal import Webhooks

struct Emit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stores an event durably and delivers it.",
        discussion: """
            Returns when every delivery has had its first attempt, and exits 1 when one of them isn't delivered, also if \
            it will be retried. Scripts that only need the event to be safe use --detach. The same --id with the same \
            content is stored and delivered once.

            Where no subscription gets the event, it says which ones almost did and why not, and exits 0, or 1 with \
            --require-match. With --detach, --in and --deliver-at it needs the store alone: the configuration may be \
            broken, and who gets the event is found out later. Beside a dispatcher that hasn't done so yet it says that \
            the event waits; under --json as "waiting".

              webhooks emit course.created --example --tenant school-42
              webhooks emit payment.reminder --data @payment.json --in 60m --id reminder-7
              pg-export | webhooks emit --batch - --keep-going

            A batch has one event a line: {"topic":…,"data":…} and, where wanted, "id", "tenant", "occurredAt", \
            "deliverAt", "test". A bad line is reported by its number, and nothing of the batch is stored.
            """
    )

    @Argument(help: "Such as course.created.", completion: KnownCompletion.topics)
    var topic: String?

    @OptionGroup var payload: DataOptions

    @Option(
        help: "Whose example. (default: lms, or else the first profile that lists the topic)",
        completion: KnownCompletion.profiles
    )
    var profile: String?

    @Option(help: "An idempotency key. (default: a generated id)")
    var id: String?

    @Option(help: "The event's tenant: reaches only subscriptions of this tenant or of none.")
    var tenant: String?

    @Option(
        help: ArgumentHelp(
            "When it happened: RFC 3339, such as 2026-03-01T09:30:00Z. (default: now)",
            valueName: "time"
        ),
        transform: TimeArgument.read
    )
    var at: TimeArgument?

    @Option(
        help: ArgumentHelp(
            "When to deliver it, RFC 3339; until then `webhooks cancel` takes it back.",
            valueName: "time"
        ),
        transform: TimeArgument.read
    )
    var deliverAt: TimeArgument?

    @Option(
        name: .customLong("in"),
        help: ArgumentHelp("Delivers it so much later: 90s, 60m, 2h, 5d.", valueName: "duration"),
        transform: DurationArgument.read
    )
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

    @Flag(
        help: "Makes every body and compares it with the catalogue; stores and sends nothing. Exits 1 where one fails."
    )
    var check = false

    @Flag(help: "Exits 1 where no subscription gets an event; it is stored all the same.")
    var requireMatch = false

    @OptionGroup var patience: WaitOptions

    @OptionGroup var options: ConfigurationOptions

    func validate() throws {
        if batch == nil {
            guard topic != nil else {
                throw ValidationError("missing the topic, such as course.created; or --batch FILE")
            }
            try payload.require()
            if keepGoing { throw ValidationError("--keep-going is for --batch") }
        } else if topic != nil || payload.data != nil || payload.example || id != nil || tenant != nil || at != nil
            || deliverAt != nil || delay != nil || test
        {
            throw ValidationError("--batch takes its events' topics, data and everything else from its lines")
        }
        if check && (batch != nil || detach) { throw ValidationError("--check excludes --batch and --detach") }
        if profile != nil && !payload.example {
            throw ValidationError("--profile is for --example: whose example it is")
        }
        if batch != nil && requireMatch && detach {
            throw ValidationError("--require-match waits for a batch to be matched: it excludes --detach")
        }
        if deliverAt != nil && delay != nil { throw ValidationError("--deliver-at and --in exclude each other") }
    }

    func run() async throws {
        if check { return try await checkBodies() }
        // What is only stored needs the store alone; who would want it is known only by the whole configuration.
        let isDetached = detach || (batch == nil && (deliverAt != nil || delay != nil))
        if isDetached, !requireMatch {
            let opened = try options.openLog()
            if let batch { return try await DetachedBatch(opened: opened, emit: self).run(path: batch) }
            let topics = { opened.configuration?.topics() ?? TopicCatalog() }
            let event = try await event(opened.log, topics)
            if let (_, problem) = opened.checkIDs([event]).first { throw problem }
            return try await store(event, opened.log, misses: { nil })
        }
        let dispatcher: WebhookDispatcher
        do {
            dispatcher = try await options.dispatcher(followsStore: batch != nil || requireMatch)
        } catch let error as WebhooksError where !requireMatch {
            throw BrokenConfiguration.atEmit(error, options.configuration)
        }
        FileDescriptors.raiseLimit()
        if let batch {
            return try await EmitBatch(dispatcher: dispatcher, emit: self).run(path: batch)
        }
        let event = try await event(dispatcher.log, { dispatcher.topics })
        if EventIDCheck.concerns(event) { await options.follow(dispatcher) }
        // Before a store is made for it.
        try dispatcher.preview.check(event)
        guard isDetached else { return try await run(event, on: dispatcher) }
        try await store(event, dispatcher.log) { dispatcher.preview.nearMisses(of: event) }
        if !dispatcher.preview.explainMatches(of: event).contains(where: \.isMatch) { try refuseUnmatched(event) }
    }

    /// Says what every subscription would get, and does no more.
    private func checkBodies() async throws {
        let dispatcher = try await options.dispatcher()
        let event = try await event(dispatcher.log, { dispatcher.topics })
        let output = PayloadCheckOutput(event, dispatcher.registry, dispatcher.topics)
        output.write(asJSON: options.json)
        if !output.isGood || requireMatch && output.checks.isEmpty { throw ExitStatus.negative }
    }

    private func event(_ log: WebhookLog, _ topics: () -> TopicCatalog) async throws -> Event {
        let topic = topic ?? ""
        let data = payload.example ? try topics().exampleData(of: topic, profile: profile) : try payload.read()
        var event = try Event(
            topic: topic,
            data: data,
            id: id,
            tenant: tenant,
            occurredAt: at?.instant,
            deliverAt: deliverAt?.instant,
            isTest: test
        )
        try event.checkTopicIsFree()
        if let delay {
            event.deliverAt = .now + delay.duration
            // The same command a moment later means the same event, not another one that is due later.
            if id != nil, !check, let due = try await log.storedDueTime(of: event.id) { event.deliverAt = due }
        }
        return event
    }

    /// Stores the event and leaves it to a dispatcher.
    private func store(_ event: Event, _ log: WebhookLog, misses: @escaping () -> NearMisses?) async throws {
        let receipt: EmitReceipt
        do throws(WebhooksError) {
            receipt = try await log.append(event)
        } catch {
            throw EmitFailure.storing(error, event)
        }
        do {
            // One that was there before may have been delivered long ago.
            let deliveries = receipt.isDuplicate ? try await log.deliveries(ofEvents: [event.id]) : []
            try await report(receipt, log, deliveries, misses: misses)
        } catch let error as WebhooksError where error.store != nil {
            // It is on disk, which is all that was asked for.
            Notice.warning("store", "what comes of it can't be read: \(error.message)", asJSON: options.json)
            write(EmittedEvent(event: event, isDuplicate: receipt.isDuplicate, deliveries: [], matching: .unread))
        }
    }

    private func write(_ emitted: EmittedEvent, holds: DeliveryHolds = DeliveryHolds()) {
        options.json ? emitted.json.write() : emitted.write(holds: holds)
    }

    private func run(_ event: Event, on dispatcher: WebhookDispatcher) async throws {
        let trap = InterruptTrap()
        var stored: EmitReceipt?
        let receipt: EmitReceipt
        let wait: FirstAttempts
        let deliveries: [Delivery]
        do throws(WebhooksError) {
            let waiting = FirstAttemptsWait(dispatcher: dispatcher, trap: trap, asJSON: options.json)
            let first: FirstAttempts
            (receipt, first) = try await dispatcher.delivering(as: .emit) { () throws(WebhooksError) in
                let receipt = try await dispatcher.emitWithinCommand(event)
                stored = receipt
                return (receipt, try await waiting.run(events: [event.id], timeout: patience.wait.duration))
            }
            wait = try await waiting.afterDraining(first, events: [event.id])
            deliveries = try await dispatcher.log.deliveries(ofEvents: [event.id])
        } catch {
            throw stored == nil ? EmitFailure.storing(error, event) : EmitFailure.afterStoring(error, event)
        }
        if deliveries.isEmpty { await options.follow(dispatcher) }
        let matching = try await report(receipt, dispatcher.log, deliveries) {
            dispatcher.preview.nearMisses(of: event)
        }
        try await WaitNotice.write(
            deliveries,
            on: dispatcher,
            waited: patience.wait.duration,
            asJSON: options.json
        )
        if requireMatch, matching.isNobody { try refuseUnmatched(event) }
        if !wait.areDone || deliveries.contains(where: { $0.state != .delivered }) { throw ExitStatus.negative }
    }

    @discardableResult
    private func report(
        _ receipt: EmitReceipt,
        _ log: WebhookLog,
        _ deliveries: [Delivery],
        misses: () -> NearMisses?
    ) async throws -> EmittedEvent.Matching {
        // What came first counts: it may have happened at another time than this one says.
        let event = receipt.isDuplicate ? try await log.event(receipt.event.id) ?? receipt.event : receipt.event
        let (deliveries, matching) = try await log.matching(of: event, deliveries, misses)
        var emitted = EmittedEvent(
            event: event,
            isDuplicate: receipt.isDuplicate,
            deliveries: deliveries,
            matching: matching
        )
        emitted.owners = try await log.owners(of: emitted.subscriptions)
        write(emitted, holds: options.json ? DeliveryHolds() : try await log.holds(deliveries))
        return matching
    }

    private func refuseUnmatched(_ event: Event) throws {
        throw CommandFailure(
            .negative,
            code: "no_match",
            "no subscription gets the event \(event.id); it is stored all the same",
            hint: "`webhooks validate` lists the subscriptions with their topics"
        )
    }
}
