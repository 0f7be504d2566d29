internal import Logging
internal import Synchronization
internal import WebhookCore

/// Tells an operator that the store doesn't work for the HTTP API: once when that begins, and once when it is over.
final class StoreOutage: Sendable {
    /// The work that the store fails.
    enum Work: Sendable {
        case requests
        /// The work that is done now and then, whatever requests come.
        case upkeep

        fileprivate var failure: Logger.Message {
            switch self {
            case .requests: "the store does not work: requests of the HTTP API are refused"
            case .upkeep:
                "the store does not work: background tasks wait, and payloads and answers whose time is over are still there"
            }
        }

        fileprivate var end: Logger.Message {
            switch self {
            case .requests: "the store works again for the HTTP API"
            case .upkeep: "the store works again: background tasks go on"
            }
        }
    }

    private let state = Mutex(State())
    private let logger: Logger
    private let work: Work

    init(_ logger: Logger, of work: Work = .requests) { (self.logger, self.work) = (logger, work) }

    /// A request, or a step, that the store has failed.
    ///
    /// - Parameter isChange: whether it was to change something.
    func failed(_ cause: StoreError, isChange: Bool, at instant: Timestamp) {
        guard state.withLock({ $0.failed(isChange: isChange, at: instant) }) else { return }
        logger.warning(work.failure, metadata: ["reason": "\(cause.code.rawValue)", "error": "\(cause)"])
    }

    /// One that was carried out.
    func worked(isChange: Bool, at instant: Timestamp) {
        guard let over = state.withLock({ $0.worked(isChange: isChange) }) else { return }
        logger.notice(
            work.end,
            metadata: [
                "refused": "\(over.requests)",
                "seconds": "\(max(0, over.began.duration(to: instant).wholeMilliseconds / 1000))",
            ]
        )
    }
}

extension StoreOutage {
    /// Decides what is told.
    struct State {
        /// A store that comes and goes is told of no more often than that.
        static let quiet: Duration = .seconds(60)

        struct Outage: Equatable {
            var began: Timestamp
            var requests = 0
            /// Reads have failed, too: with a full disk they go on.
            var isOfReads = false
            var isTold = false
        }

        private var outage: Outage?
        private var lastTold: Timestamp?

        /// Counts a failure; `true` where it is to be told.
        mutating func failed(isChange: Bool, at instant: Timestamp) -> Bool {
            var outage = outage ?? Outage(began: instant)
            outage.requests += 1
            if !isChange { outage.isOfReads = true }
            let isQuiet = lastTold.map { $0.duration(to: instant) < Self.quiet } ?? false
            let tells = !outage.isTold && !isQuiet
            if tells { (outage.isTold, lastTold) = (true, instant) }
            self.outage = outage
            return tells
        }

        /// Ends the outage; it is given where its end is to be told.
        mutating func worked(isChange: Bool) -> Outage? {
            guard let known = outage, isChange || known.isOfReads else { return nil }
            outage = nil
            return known.isTold ? known : nil
        }
    }
}
