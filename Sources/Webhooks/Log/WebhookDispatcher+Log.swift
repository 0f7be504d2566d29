public import WebhookCore

/// The log, with short cuts to its most common queries.
extension WebhookDispatcher {
    /// The log of this dispatcher's store.
    public var log: WebhookLog { WebhookLog(stores: stores, logger: logger) }

    /// A page of deliveries, newest first.
    ///
    /// - Parameters:
    ///   - query: which deliveries, and behind which to go on; defaults to all.
    ///   - limit: the most deliveries, in place of the query's; defaults to that, which is 50 unless set.
    public func deliveries(_ query: DeliveryQuery = DeliveryQuery(), limit: Int? = nil) async throws(WebhooksError)
        -> [Delivery]
    {
        var query = query
        if let limit { query.limit = limit }
        return try await log.deliveries(query)
    }

    /// A delivery's attempts in order, an attempt in flight last.
    public func attempts(of delivery: Delivery.ID) async throws(WebhooksError) -> [Attempt] {
        try await log.attempts(of: delivery)
    }
}

extension WebhookLog {
    /// The process that runs a dispatcher on the store.
    public struct RunningDispatcher: Sendable, Hashable {
        /// Its process id.
        public var processID: Int32
        /// True when it makes no more attempts, and ends: what is emitted now is for the next one.
        public var isStopping: Bool
        /// The reason why it can't record anything, in a word such as `full`, so that nothing is delivered; `nil`: it
        /// can.
        package var storeTrouble: String?
        /// The age of its last sign of life; `nil`: it gives none.
        package var lastSignOfLife: Duration?

        init(_ record: DispatcherRecord) {
            processID = record.holder.processID
            (isStopping, storeTrouble, lastSignOfLife) = (record.isStopping, record.trouble, record.lastSignOfLife)
        }

        /// The age of its last sign of life, where that is so old that it must be taken for stopped or hung.
        package var silence: Duration? {
            lastSignOfLife.flatMap { $0 > StatusRules.mostSilence ? $0 : nil }
        }
    }

    /// The dispatcher that delivers what is in the store; `nil`: nobody does. A command that delivers its own events
    /// alone is none.
    public func runningDispatcher() async -> RunningDispatcher? { await dispatcherRecord().map(RunningDispatcher.init) }

    /// The same with all that it tells of itself.
    func dispatcherRecord() async -> DispatcherRecord? {
        guard let record = await stores.holder(), record.holder.role == DispatcherRole.run.rawValue else { return nil }
        return record
    }
}
