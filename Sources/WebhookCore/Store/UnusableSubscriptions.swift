/// The enabled subscriptions that a dispatcher can't send to because of their settings, by name. Those of the store that are disabled
/// by hand are not among them.
package struct UnusableSubscriptions: Sendable, Hashable {
    /// Their deliveries wait until the settings can be used.
    package var held: Set<String> = []
    /// Subscriptions of the store that are not in force: events pass them by.
    package var refused: Set<String> = []

    package init(held: Set<String> = [], refused: Set<String> = []) {
        (self.held, self.refused) = (held, refused)
    }

    /// Finds those of a registry.
    package init(_ registry: Registry) {
        for subscription in registry.subscriptions { note(subscription.name, subscription, isStored: false) }
        for given in registry.givenSubscriptions { note(given) }
    }

    /// Takes down one that was given at run time.
    package mutating func note(_ given: GivenSubscription) {
        let (name, isStored) = (given.draft.name, given.stored != nil)
        if given.stored?.isDisabled == true { remove(name) } else { note(name, given.subscription, isStored: isStored) }
    }

    private mutating func note(_ name: String, _ subscription: Subscription?, isStored: Bool) {
        remove(name)
        if let subscription {
            if subscription.isEnabled, !subscription.obstacles.isEmpty { held.insert(name) }
        } else if isStored {
            refused.insert(name)
        }
    }

    /// Forgets one that is gone.
    package mutating func remove(_ name: String) {
        held.remove(name)
        refused.remove(name)
    }

    package var isEmpty: Bool { held.isEmpty && refused.isEmpty }
}

/// A line for each, as dispatchers leave them for those who look at the store.
extension UnusableSubscriptions {
    /// No name begins with it.
    private static let refusedMark: Character = "!"

    package init(lines: some Sequence<some StringProtocol>) {
        for line in lines where !line.isEmpty {
            if line.first == Self.refusedMark {
                refused.insert(String(line.dropFirst()))
            } else {
                held.insert(String(line))
            }
        }
    }

    /// The names; those that lose events come first.
    package var lines: [String] { refused.sorted().map { "\(Self.refusedMark)\($0)" } + held.sorted() }
}
