internal import WebhookCore

/// An attempt from its claim to its result.
struct InFlightAttempt {
    enum Stage {
        /// Its claim is to become durable, or its pace holds it back, or those on the wire do. ──▶ sent, or it ends unsent
        case claimed
        /// It was handed over to leave.
        case sent
    }

    var queued: QueuedDelivery
    let queue: Int
    let number: Int
    fileprivate(set) var startedAt: Timestamp
    /// The class whose slot it takes; `nil` for a send test: it takes none, and says nothing about its endpoint.
    let slotClass: SlotClass?
    /// The tenant's share that its slot counts in.
    let share: Int
    fileprivate(set) var stage = Stage.claimed

    /// True when it is a send test, which no limit holds back.
    var isOutsideLimits: Bool { slotClass == nil }
    /// True when it is claimed with its queue's rate limiter and has not left.
    var isRateClaimed: Bool { slotClass != nil && stage == .claimed }
}

/// An attempt as the store knows it: a number is given once, whoever claims.
struct AttemptNumber: Hashable {
    var delivery: Delivery.ID
    var number: Int
}

extension InterruptedDelivery {
    /// The attempt that was interrupted.
    var number: AttemptNumber { AttemptNumber(delivery: delivery.id, number: delivery.attempts) }
}

/// The attempts that are claimed, on the wire, or not on record yet.
struct InFlightAttempts {
    private var attempts: [UInt64: InFlightAttempt] = [:]
    private var lastToken: UInt64 = 0

    var count: Int { attempts.count }
    var isEmpty: Bool { attempts.isEmpty }

    subscript(token: UInt64) -> InFlightAttempt? { attempts[token] }

    /// The queues that have attempts, send tests included.
    var queues: Set<Int> { Set(attempts.values.lazy.map(\.queue)) }

    /// What names the attempts of a queue that were handed over to leave. Looks at all.
    func sent(of queue: Int) -> Set<UInt64> {
        Set(attempts.lazy.filter { $0.value.queue == queue && $0.value.stage == .sent }.map(\.key))
    }

    /// The attempts as the store knows them.
    var numbers: Set<AttemptNumber> {
        Set(attempts.values.lazy.map { AttemptNumber(delivery: $0.queued.delivery.id, number: $0.number) })
    }

    /// - Returns: what names the attempt from now on.
    mutating func begin(_ attempt: InFlightAttempt) -> UInt64 {
        lastToken += 1
        attempts[lastToken] = attempt
        return lastToken
    }

    mutating func end(_ token: UInt64) -> InFlightAttempt? { attempts.removeValue(forKey: token) }

    /// An attempt is handed over to leave.
    mutating func send(_ token: UInt64) { attempts[token]?.stage = .sent }

    /// An attempt whose claim is durable begins later than it was claimed.
    mutating func restart(_ token: UInt64, at time: Timestamp) { attempts[token]?.startedAt = time }

    /// The delivery of an attempt that was claimed with its insert is stored.
    ///
    /// - Returns: the delivery; `nil` where the attempt has ended.
    mutating func identify(_ token: UInt64, _ id: Delivery.ID, event row: Int64, place: Int64?) -> QueuedDelivery? {
        attempts[token]?.queued.identify(id, event: row, place: place)
        return attempts[token]?.queued
    }
}
