internal import Metrics
internal import WebhookCore

/// A metric of the dispatcher's. ``all`` is the table that the documentation repeats.
package struct MetricDescription: Sendable, Hashable {
    /// The kind of a metric, in Prometheus' words.
    package enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    package let name: String
    package let kind: Kind
    /// The names of its labels.
    package let labels: [String]
    /// The meaning of the metric, in one line.
    package let help: String

    private init(_ name: String, _ kind: Kind, _ labels: [String], _ help: String) {
        (self.name, self.kind, self.labels, self.help) = (name, kind, labels, help)
    }

    private init(_ name: String, _ kind: Kind, _ help: String) { self.init(name, kind, [], help) }
}

// MARK: Handles

extension MetricDescription {
    func counter(_ factory: any MetricsFactory, _ values: String...) -> Counter {
        Counter(label: name, dimensions: dimensions(values), factory: factory)
    }

    func gauge(_ factory: any MetricsFactory, _ values: String...) -> Gauge {
        Gauge(label: name, dimensions: dimensions(values), factory: factory)
    }

    /// A histogram of durations.
    func timer(_ factory: any MetricsFactory, _ values: String...) -> Metrics.Timer {
        Metrics.Timer(label: name, dimensions: dimensions(values), factory: factory)
    }

    /// A histogram of numbers.
    func recorder(_ factory: any MetricsFactory, _ values: String...) -> Recorder {
        Recorder(label: name, dimensions: dimensions(values), aggregate: true, factory: factory)
    }

    private func dimensions(_ values: [String]) -> [(String, String)] {
        precondition(values.count == labels.count, "\(name) has other labels")
        return Array(zip(labels, values))
    }
}

// MARK: The table

extension MetricDescription {
    /// Their texts, by name.
    package static var help: [String: String] {
        Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0.help) })
    }

    /// Every metric, in the order of the documentation.
    package static let all: [MetricDescription] = [
        buildInfo, running, subscriptions, subscriptionsServed, subscriptionsHeld, subscriptionsRefused, leaseLosses,
        configurationValid, configurationAgrees, reloads,
        eventsEmitted, eventsFannedOut, eventsUnmatched, eventsSetAside, eventsWaiting, eventLag,
        attempts, attemptDuration, inFlight,
        settled, settledWithoutAttempt, waiting, due, lag, parked, unserved,
        breakerOpen, disabled, paused,
        storeCommits, storeCommitDuration, storeCommitRows, storeErrors, storeFailing, rowsRefused,
        storeSize, walSize, freeSpace,
        lookups, lookupDuration, connectionsOpen, connectionsOpened,
    ]

    static let buildInfo = MetricDescription(
        "webhooks_build_info",
        .gauge,
        ["version"],
        "Always 1; the label is the product's version."
    )
    static let running = MetricDescription(
        "webhooks_dispatcher_running",
        .gauge,
        "1 while the dispatcher delivers; 0 as a standby and once it has ended."
    )
    static let subscriptions = MetricDescription(
        "webhooks_subscriptions",
        .gauge,
        "Subscriptions in force that are enabled in the configuration."
    )
    static let subscriptionsServed = MetricDescription(
        "webhooks_subscriptions_served",
        .gauge,
        "Subscriptions whose lease this dispatcher has, where several share a store; 0: the store is its own."
    )
    static let subscriptionsHeld = MetricDescription(
        "webhooks_subscriptions_held",
        .gauge,
        "Subscriptions whose settings can't be used, such as secrets that no key opens: their deliveries wait."
    )
    static let subscriptionsRefused = MetricDescription(
        "webhooks_subscriptions_refused",
        .gauge,
        "Subscriptions of the store that the rules refuse: they are not in force, and events pass them by."
    )
    static let leaseLosses = MetricDescription(
        "webhooks_lease_losses_total",
        .counter,
        "Times that this dispatcher gave no sign of life for so long that others took over what it served."
    )
    static let configurationValid = MetricDescription(
        "webhooks_configuration_valid",
        .gauge,
        "0 after a reload that was refused: the configuration before it is in force."
    )
    static let configurationAgrees = MetricDescription(
        "webhooks_configuration_agrees",
        .gauge,
        "0 while another dispatcher of the store has other subscriptions."
    )
    static let reloads = MetricDescription(
        "webhooks_configuration_reloads_total",
        .counter,
        ["result"],
        "Reloads, by result: loaded or refused."
    )

    static let eventsEmitted = MetricDescription(
        "webhooks_events_emitted_total",
        .counter,
        ["result"],
        "Events that this process was given, by result: stored, duplicate, refused (a bad one, or its id is taken), failed (the store)."
    )
    static let eventsFannedOut = MetricDescription(
        "webhooks_events_fanned_out_total",
        .counter,
        "Events that were matched and rendered, whichever process stored them."
    )
    static let eventsUnmatched = MetricDescription(
        "webhooks_events_unmatched_total",
        .counter,
        "Events that nobody subscribes to."
    )
    static let eventsSetAside = MetricDescription(
        "webhooks_events_set_aside_total",
        .counter,
        "Events that are given out no more: they can't be fanned out."
    )
    static let eventsWaiting = MetricDescription(
        "webhooks_events_waiting",
        .gauge,
        "Events that are due and wait for their fan-out."
    )
    static let eventLag = MetricDescription(
        "webhooks_events_lag_seconds",
        .gauge,
        "Age of the oldest event that waits for its fan-out; 0: none waits."
    )

    static let attempts = MetricDescription(
        "webhooks_attempts_total",
        .counter,
        ["subscription", "outcome", "error"],
        "Attempts on record, by outcome (succeeded, failed, unknown) and class of error (empty: none)."
    )
    static let attemptDuration = MetricDescription(
        "webhooks_attempt_duration_seconds",
        .histogram,
        ["subscription"],
        "Duration of attempts, from their start to their end."
    )
    static let inFlight = MetricDescription(
        "webhooks_attempts_in_flight",
        .gauge,
        "Attempts that are claimed, on the wire or not on record yet."
    )

    static let settled = MetricDescription(
        "webhooks_deliveries_settled_total",
        .counter,
        ["subscription", "state"],
        "Deliveries that have settled, by state: delivered, failed, unknown, cancelled."
    )
    static let settledWithoutAttempt = MetricDescription(
        "webhooks_settled_without_attempt_total",
        .counter,
        ["state", "error"],
        "Of these, those that no attempt was made for, by state and class of error."
    )
    static let waiting = MetricDescription(
        "webhooks_deliveries_waiting",
        .gauge,
        ["subscription"],
        "Queue depth: deliveries that wait for an attempt, whenever it is due and whatever holds them."
    )
    static let due = MetricDescription(
        "webhooks_deliveries_due",
        .gauge,
        "Deliveries that are due now and that nothing holds; behind a retry of an ordered subscription none is due."
    )
    static let lag = MetricDescription(
        "webhooks_deliveries_lag_seconds",
        .gauge,
        "Time since the oldest of these was due; 0: none is."
    )
    static let parked = MetricDescription(
        "webhooks_deliveries_parked",
        .gauge,
        "Open deliveries of subscriptions that the configuration doesn't serve: left out, not enabled, or broken and held."
    )
    static let unserved = MetricDescription(
        "webhooks_deliveries_unserved",
        .gauge,
        "Open deliveries of subscriptions in force that no dispatcher serves which runs on the store; 0: the store is its own."
    )

    static let breakerOpen = MetricDescription(
        "webhooks_breaker_open",
        .gauge,
        ["subscription"],
        "1 while attempts pause after failures in a row."
    )
    static let disabled = MetricDescription(
        "webhooks_subscription_disabled",
        .gauge,
        ["subscription"],
        "1 while the subscription is disabled."
    )
    static let paused = MetricDescription(
        "webhooks_subscription_paused",
        .gauge,
        ["subscription"],
        "1 while a person holds its deliveries."
    )

    static let storeCommits = MetricDescription(
        "webhooks_store_commits_total",
        .counter,
        "Transactions of the dispatcher's that were committed and changed something."
    )
    static let storeCommitDuration = MetricDescription(
        "webhooks_store_commit_duration_seconds",
        .histogram,
        "Duration of these, the wait for the disk included."
    )
    static let storeCommitRows = MetricDescription(
        "webhooks_store_commit_rows",
        .histogram,
        "Events, claims and attempts in one transaction."
    )
    static let storeErrors = MetricDescription(
        "webhooks_store_errors_total",
        .counter,
        ["code"],
        "Transactions of the dispatcher's that failed, and rounds in which leases are renewed, by class of error."
    )
    static let storeFailing = MetricDescription(
        "webhooks_store_failing",
        .gauge,
        "1 from a failure of the store, or from an answer that is missing for the length of a lease, until it works again: "
            + "nothing is delivered meanwhile."
    )
    static let rowsRefused = MetricDescription(
        "webhooks_rows_refused_total",
        .counter,
        "Rows that the store doesn't take; the others of their transaction are committed."
    )
    static let storeSize = MetricDescription("webhooks_store_size_bytes", .gauge, "Size of the store's file.")
    static let walSize = MetricDescription("webhooks_store_wal_bytes", .gauge, "Size of the store's write-ahead log.")
    static let freeSpace = MetricDescription(
        "webhooks_store_free_bytes",
        .gauge,
        "Bytes that this user may still write on the store's disk."
    )

    static let lookups = MetricDescription(
        "webhooks_dns_lookups_total",
        .counter,
        ["result"],
        "Look-ups of names, by result: found, not_found, unavailable, exhausted. An answer that is still fresh makes none."
    )
    static let lookupDuration = MetricDescription(
        "webhooks_dns_lookup_duration_seconds",
        .histogram,
        "Duration of look-ups."
    )
    static let connectionsOpen = MetricDescription(
        "webhooks_connections_open",
        .gauge,
        "Connections to receivers that are open, in use or kept for the next attempt."
    )
    static let connectionsOpened = MetricDescription(
        "webhooks_connections_opened_total",
        .counter,
        "Connections to receivers that were opened, or tried to."
    )
}
