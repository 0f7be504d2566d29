internal import WebhookCore

/// The cancellation of what is open of a disabled subscription, a batch after the other.
extension DeliveryEngine {
    /// A subscription was disabled: what waits is cancelled.
    mutating func stopServing(_ index: Int, at time: EngineTime) {
        clearBuffer(index)
        if !queues[index].isCancelling { cancelOpenDeliveries(index, at: time) }
    }

    /// Takes care that what came for a disabled subscription doesn't hang.
    mutating func cancelNewDeliveries(_ index: Int, at time: EngineTime) {
        if queues[index].isCancelling {
            queues[index].cancelAgain()
        } else {
            cancelOpenDeliveries(index, at: time)
        }
    }

    /// Settles the next batch of a disabled subscription's open deliveries.
    private mutating func cancelOpenDeliveries(_ index: Int, at time: EngineTime) {
        queues[index].beginCancelling()
        commits.cancelOpenDeliveries(
            of: index,
            OpenCancellation(subscription: queues[index].name, limit: settings.withdrawalBatch, at: time.wall)
        )
    }

    /// A batch is settled.
    mutating func openDeliveriesCancelled(_ cancellation: PendingCancellation, _ count: Int, at time: EngineTime) {
        let (index, name) = (cancellation.queue, queues[cancellation.queue].name)
        if count > 0 { actions.notices.append(.openDeliveriesCancelled(subscription: name, count: count)) }
        let isWhole = queues[index].cancelled(count, isLast: count < cancellation.write.limit)
        // The next start goes on where a drain stops.
        if !isWhole, queues[index].isDisabled, !phase.isDraining { return cancelOpenDeliveries(index, at: time) }
        let all = queues[index].endCancelling()
        if all > 0 { actions.notices.append(.withdrawalEnded(subscription: name, count: all)) }
        // Whoever enabled it meanwhile may have brought something back.
        if queues[index].isOpen {
            clearBuffer(index)
            schedule(index, at: time)
        }
    }
}
