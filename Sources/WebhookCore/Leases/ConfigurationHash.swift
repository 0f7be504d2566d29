/// A number of what a configuration delivers: nodes that have the same share the subscriptions out among themselves.
///
/// The sum of a number for each enabled subscription, so that their order makes no difference and a change costs what changes.
/// Everything that decides what is sent counts, but for secrets: those are read from each machine's environment, may be
/// replaced on one node after the other, and no trace of them belongs into a database.
///
/// Subscriptions that are kept in the store don't count: every node follows the store, some a moment before the others. Those
/// that a node can't serve do, for it must not get their leases.
package struct ConfigurationHash: Sendable, Hashable {
    private var sum: UInt64 = 0

    package init(_ subscriptions: [Subscription]) {
        for subscription in subscriptions { add(subscription) }
    }

    package mutating func add(_ subscription: Subscription?) {
        if let subscription, subscription.isEnabled { sum &+= Self.number(of: subscription) }
    }

    package mutating func remove(_ subscription: Subscription?) {
        if let subscription, subscription.isEnabled { sum &-= Self.number(of: subscription) }
    }

    /// A subscription of the store that this node leaves out, by its row's id.
    package mutating func addLeftOut(_ id: String) { sum &+= Self.number(ofLeftOut: id) }

    package mutating func removeLeftOut(_ id: String) { sum &-= Self.number(ofLeftOut: id) }

    private static func number(ofLeftOut id: String) -> UInt64 {
        var parts = Parts()
        parts.add(["left out", id])
        return parts.hash
    }

    private static func number(of subscription: Subscription) -> UInt64 {
        var parts = Parts()
        parts.add(subscription.name)
        parts.add(subscription.url.description)
        parts.add(subscription.topics.map(\.description))
        parts.add((subscription.tenant.map { [$0] } ?? []) + subscription.tenants.sorted())
        parts.add(subscription.profile.name)
        parts.add([subscription.contentType.rawValue, subscription.schema.rawValue, "\(subscription.httpVersion)"])
        parts.add("\(subscription.sendsTrace) \(subscription.isServed)")
        parts.add(
            subscription.headers.map { header in
                if case .plain(let text) = header.value { "\(header.name): \(text)" } else { header.name }
            }
        )
        parts.add(subscription.body?.source ?? "")
        parts.add(subscription.topicBodies.map { "\($0.pattern.description) \($0.body.source)" })
        parts.add(subscription.topicPayloads.map { "\($0.pattern.description) \($0.value)" })
        parts.add(subscription.variables.map { "\($0.name) \($0.value)" })
        parts.add(subscription.filter.map { "\($0)" } ?? "")
        parts.add("\(subscription.policy)")
        return parts.hash
    }

    /// Texts, each with its length, so that no two lists of them read the same.
    private struct Parts {
        private var state = StableHash()

        mutating func add(_ texts: [String]) {
            add(length: texts.count)
            for text in texts { add(text) }
        }

        mutating func add(_ text: String) {
            state.add(text.utf8)
            add(length: text.utf8.count)
        }

        private mutating func add(length: Int) {
            withUnsafeBytes(of: UInt32(truncatingIfNeeded: length).littleEndian) { state.add($0) }
        }

        var hash: UInt64 { state.value }
    }
}

extension ConfigurationHash: RawRepresentable {
    /// Sixteen hexadecimal digits.
    package var rawValue: String {
        let digits = String(sum, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    package init?(rawValue: String) {
        guard rawValue.utf8.count == 16, let sum = UInt64(rawValue, radix: 16) else { return nil }
        self.sum = sum
    }
}
