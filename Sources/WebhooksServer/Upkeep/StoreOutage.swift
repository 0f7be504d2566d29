internal import Logging
internal import Synchronization
internal import WebhookCore

/// Tells an operator that the store doesn't work for requests: once when that begins, and once when it is over.
final class StoreOutage: Sendable {
    private let state = Mutex(State())
    private let logger: Logger

    init(_ logger: Logger) { self.logger = logger }

    /// A request that the store has failed.
    ///
    /// - Parameter isChange: whether it was to change something.
    func failed(_ cause: StoreError, isChange: Bool, at instant: Timestamp) {
        guard state.withLock({ $0.failed(isChange: isChange, at: instant) }) else { return }
        logger.warning(
            "the store does not work: requests of the HTTP API are refused",
            metadata: ["reason": "\(cause.code.rawValue)", "error": "\(cause)"]
        )
    }

    /// A request that was carried out.
    func worked(isChange: Bool, at instant: Timestamp) {
        guard let over = state.withLock({ $0.worked(isChange: isChange) }) else { return }
        logger.notice(
            "the store works again for the HTTP API",
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
