internal import WebhookCore
internal import WebhookEngine

/// Tells several observers, in order.
struct ObserverGroup: EngineObserver {
    let observers: [any EngineObserver]

    func recorded(_ attempts: [RecordedAttempt]) { for observer in observers { observer.recorded(attempts) } }
    func settled(_ deliveries: [SettledDelivery]) { for observer in observers { observer.settled(deliveries) } }
    func noticed(_ notice: EngineNotice) { for observer in observers { observer.noticed(notice) } }
    func noticed(_ notice: LeaseNotice) { for observer in observers { observer.noticed(notice) } }
    func failed(_ error: StoreError) { for observer in observers { observer.failed(error) } }
}
