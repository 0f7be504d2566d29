public import WebhookCore

/// Something that happened in a dispatcher of this process; see ``WebhookDispatcher/notices(buffering:)``.
///
/// ``kind`` says what, the other members tell more where they apply. A later version may know more kinds and members: a
/// `switch` over the kind needs a default.
public struct WebhookNotice: Sendable, Hashable {
    /// The kind of a notice.
    public struct Kind: Sendable, Hashable, CustomStringConvertible {
        /// Its name, such as `breaker_opened`.
        public let description: String

        /// An attempt is on record: ``WebhookNotice/attempt``, and ``WebhookNotice/state`` of its delivery after it.
        public static let attempted = Kind(description: "attempted")
        /// A delivery has settled, after an attempt or without one. What is cancelled as a whole is told as a whole, by
        /// ``cancelled``: what a subscription that is disabled had waiting, and what somebody cancels by hand.
        public static let settled = Kind(description: "settled")
        /// A delivery is lost, after ``WebhookNotice/count`` attempts: they are used up, no other would mend it, or nobody can
        /// tell whether it arrived (``WebhookNotice/state`` is `unknown`). Follows ``settled``; not for tests.
        public static let exhausted = Kind(description: "exhausted")
        /// ``WebhookNotice/count`` waiting deliveries are cancelled: of a subscription that is disabled
        /// (``WebhookNotice/error`` is `disabled`), or by hand in this process, with the ``WebhookNotice/event`` or the
        /// ``WebhookNotice/subscription`` that was named. An event that waited to be matched counts as none. A cancellation
        /// in a host's transaction is told once that is committed.
        public static let cancelled = Kind(description: "cancelled")
        /// Nobody subscribes to an event.
        public static let unmatched = Kind(description: "unmatched")
        /// An event is given out for its fan-out no more: ``WebhookNotice/detail``.
        public static let setAside = Kind(description: "set_aside")
        /// A subscription is disabled, with the cause in ``WebhookNotice/detail``: `manual`, `gone` or `failing`.
        public static let disabled = Kind(description: "disabled")
        /// A subscription has had nothing but failures since ``WebhookNotice/since``, for half of the time after which it is
        /// disabled, which is at ``WebhookNotice/until``.
        public static let failing = Kind(description: "failing")
        /// A subscription is enabled again.
        public static let enabled = Kind(description: "enabled")
        /// A subscription is paused by hand, until ``WebhookNotice/until``.
        public static let paused = Kind(description: "paused")
        /// A pause is over.
        public static let resumed = Kind(description: "resumed")
        /// Attempts pause after ``WebhookNotice/count`` failures in a row, until ``WebhookNotice/until``.
        public static let breakerOpened = Kind(description: "breaker_opened")
        /// An attempt has succeeded after failures in a row.
        public static let breakerClosed = Kind(description: "breaker_closed")
        /// A configuration is in force, with its warnings as ``WebhookNotice/diagnostics``.
        public static let reloaded = Kind(description: "reloaded")
        /// A configuration is refused, for ``WebhookNotice/diagnostics``; the one before stays in force.
        public static let reloadRefused = Kind(description: "reload_refused")
        /// Subscriptions that are given at run time have changed: ``WebhookNotice/count`` of them.
        public static let subscriptionsChanged = Kind(description: "subscriptions_changed")
        /// A subscription of a source, or one that was given before a reload, is refused, for
        /// ``WebhookNotice/diagnostics``.
        public static let subscriptionRefused = Kind(description: "subscription_refused")
        /// The store failed: ``WebhookNotice/detail``. No new attempts until it works again.
        public static let storeFailed = Kind(description: "store_failed")
        /// The store works again.
        public static let storeRecovered = Kind(description: "store_recovered")
        /// The store is damaged, and delivery has stopped: ``WebhookNotice/detail``.
        public static let stopped = Kind(description: "stopped")
        /// The store refuses a row, and the others go on: ``WebhookNotice/detail``.
        public static let rowRefused = Kind(description: "row_refused")
        /// ``WebhookNotice/count`` attempts were found that a process before this one had begun and not ended.
        public static let recovered = Kind(description: "recovered")
        /// The listener was too slow: ``WebhookNotice/count`` notices before the next one are missing.
        public static let dropped = Kind(description: "dropped")
    }

    /// The kind of what happened.
    public let kind: Kind
    /// The time at which it was noticed.
    public var at: Timestamp
    /// The delivery.
    public var delivery: Delivery.ID?
    /// The event's id.
    public var event: String?
    /// The event's topic.
    public var topic: String?
    /// The event's tenant.
    public var tenant: String?
    /// The subscription's name.
    public var subscription: String?
    /// True when it is about a test.
    public var isTest = false
    /// The delivery's state from now on.
    public var state: DeliveryState?
    /// The attempt. Its request's body is not along: the log has it.
    public var attempt: Attempt?
    /// The time at which the next attempt is due, where there is one.
    public var nextAttemptAt: Timestamp?
    /// The last answer's status.
    public var status: Int?
    /// The class of the failure.
    public var error: FailureKind?
    /// The cause, in words or a word.
    public var detail: String?
    /// The beginning of what lasts.
    public var since: Timestamp?
    /// The end of a pause, or of a time that is left; `nil`: none is set.
    public var until: Timestamp?
    /// The number that the kind speaks of.
    public var count: Int?
    /// The problems of a configuration or a subscription.
    public var diagnostics: [Diagnostic] = []
    /// True when it repeats one before: a breaker opens again after its probe has failed.
    var isRepeated = false

    init(_ kind: Kind, at time: Timestamp = .now, _ change: (inout WebhookNotice) -> Void = { _ in }) {
        self.kind = kind
        at = time
        change(&self)
    }
}

extension WebhookDispatcher {
    /// A stream of what happens in this process's dispatcher from now on: attempts and settled deliveries, subscriptions that are
    /// disabled or pause, configurations that are taken or refused, trouble with the store.
    ///
    /// It is no log. What another process does doesn't come through here, and nothing waits for a listener: one that falls
    /// behind by more than `limit` notices loses the oldest, and is told how many by a notice of the kind
    /// ``WebhookNotice/Kind/dropped`` in their place. ``deliveries(_:limit:)`` has every delivery.
    ///
    /// - Parameter limit: the notices that wait for the listener at most; each may hold an answer of 16 KiB.
    /// - Returns: a stream of its own for each call. It ends with the dispatcher, or with the task that reads it.
    public func notices(buffering limit: Int = 1000) -> AsyncStream<WebhookNotice> {
        notifier.stream(buffering: max(1, limit))
    }
}
