internal import WebhookCore

/// The cancellation of a disabled subscription's open deliveries, a batch after the other.
enum Cancellation {
    /// ──disabled, or something came for a disabled one──▶ running
    case none
    /// A batch is on its way. ──done──▶ running with the next, or none after the last; ──something came──▶ again
    case running(cancelled: Int)
    /// The batch on its way may miss what came meanwhile. ──done──▶ running
    case again(cancelled: Int)

    var isUnderWay: Bool { if case .none = self { false } else { true } }

    /// A batch is on its way.
    mutating func begin() { self = .running(cancelled: count) }

    /// Something came that the batch on its way may miss.
    mutating func goOn() { self = .again(cancelled: count) }

    /// A batch is done.
    ///
    /// - Parameter isLast: whether it had less than it could.
    /// - Returns: whether nothing is left to cancel.
    mutating func batchEnded(_ cancelled: Int, isLast: Bool) -> Bool {
        let isWhole = if case .again = self { false } else { isLast }
        self = .running(cancelled: count + cancelled)
        return isWhole
    }

    /// No other batch follows.
    ///
    /// - Returns: how many deliveries all of them had.
    mutating func end() -> Int {
        defer { self = .none }
        return count
    }

    private var count: Int {
        switch self {
        case .none: 0
        case .running(let cancelled), .again(let cancelled): cancelled
        }
    }
}

/// The cancellation of what is open of a disabled subscription, a batch after the other.
extension DeliveryEngine {
    /// A subscription was disabled: what waits is cancelled.
    mutating func stopServing(_ index: Int, at time: EngineTime) {
        clearBuffer(index)
        if !queues[index].cancellation.isUnderWay { cancelOpenDeliveries(index, at: time) }
    }

    /// Takes care that what came for a disabled subscription doesn't hang.
    mutating func cancelNewDeliveries(_ index: Int, at time: EngineTime) {
        if queues[index].cancellation.isUnderWay {
            queues[index].cancellation.goOn()
        } else {
            cancelOpenDeliveries(index, at: time)
        }
    }

    /// Settles the next batch of a disabled subscription's open deliveries.
    private mutating func cancelOpenDeliveries(_ index: Int, at time: EngineTime) {
        queues[index].cancellation.begin()
        commits.cancelOpenDeliveries(
            of: index,
            OpenCancellation(
                subscription: queues[index].name,
                limit: settings.cancellationBatch,
                at: time.wall,
                whileDisabled: queues[index].healthRecord != .refused
            )
        )
    }

    /// A batch is settled.
    mutating func openDeliveriesCancelled(_ cancellation: PendingCancellation, _ count: Int, at time: EngineTime) {
        let (index, name) = (cancellation.queue, queues[cancellation.queue].name)
        if count > 0 { actions.notices.append(.openDeliveriesCancelled(subscription: name, count: count)) }
        let isWhole = queues[index].cancellation.batchEnded(count, isLast: count < cancellation.write.limit)
        // The next start goes on where a drain stops, the next owner where a lease ends.
        let goesOn = !phase.isDraining && !(settings.isLeased && queues[index].isLeaving)
        if !isWhole, queues[index].isDisabled, goesOn { return cancelOpenDeliveries(index, at: time) }
        // Nothing was open; or the store says that it is enabled, which is to be known here, too.
        if count == 0, cancellation.write.whileDisabled, queues[index].isDisabled { commits.readHealth(of: [name]) }
        let all = queues[index].cancellation.end()
        if all > 0 { actions.notices.append(.cancellationEnded(subscription: name, count: all)) }
        // Whoever enabled it meanwhile may have brought something back.
        if queues[index].isOpen {
            clearBuffer(index)
            schedule(index, at: time)
        }
    }
}
