package import WebhookCore

/// A registry with the renderer made for it; replaced as a whole by a reload.
package struct ConfigurationSnapshot: Sendable {
    package var registry: Registry
    package var renderer: any DeliveryRenderer
    /// The ``ConfigurationHash``, where several dispatchers may share the store.
    package var hash: String

    package init(registry: Registry, renderer: any DeliveryRenderer, hash: String = "") {
        self.registry = registry
        self.renderer = renderer
        self.hash = hash
    }

    /// The registry's subscriptions, each with the renderer's part that makes its requests.
    package var targets: [SharedSubscription] {
        registry.subscriptions.map { SharedSubscription($0, requests: renderer.requests(to: $0)) }
    }

    /// The same with other subscriptions given at run time. Costs what changes.
    ///
    /// - Parameters:
    ///   - canonical: the topics of the canonical event, where the registry has none and one of these asks for them.
    ///   - storedVersion: the version of the store's subscriptions afterwards; `nil`: as before.
    package func changing(
        removing names: [String],
        adding given: [GivenSubscription],
        canonical: [ProfileTopic],
        storedVersion: Int64? = nil
    ) -> ConfigurationSnapshot {
        let changed = registry.changing(
            removing: names,
            adding: given,
            canonical: canonical,
            storedVersion: storedVersion
        )
        var hash = ConfigurationHash(rawValue: hash)
        if hash != nil {
            for name in Set(names + given.map(\.draft.name)) {
                hash?.remove(registry, name)
                hash?.add(changed, name)
            }
        }
        return ConfigurationSnapshot(
            registry: changed,
            renderer: renderer.changing(
                removing: names + given.filter { $0.subscription == nil }.map(\.draft.name),
                adding: given.compactMap(\.subscription),
                canonical: canonical
            ),
            hash: hash?.rawValue ?? ""
        )
    }

    /// Finds the subscriptions that get an event, and renders each distinct body once.
    ///
    /// - Parameter target: the only subscription that it is for, also a disabled one.
    package func prepare(_ event: Event, target: String?) -> PreparedDeliveries {
        let subscriptions: [Subscription] =
            if let target {
                registry.subscription(named: target).map { [$0] } ?? []
            } else {
                registry.subscriptions(for: event)
            }
        let version = registry.storedVersion
        guard !subscriptions.isEmpty else {
            return PreparedDeliveries(bodies: [], entries: [], subscriptionsVersion: version)
        }
        let rendered = renderer.render(event, for: subscriptions)
        return PreparedDeliveries(
            bodies: rendered.bodies,
            entries: zip(subscriptions, rendered.renderedBodies).map { subscription, renderedBody in
                PreparedDeliveries.Entry(subscription, renderedBody: renderedBody)
            },
            subscriptionsVersion: version
        )
    }
}

extension Registry {
    /// Tells whether nothing can be sent to a subscription of the store: it is refused, or held.
    fileprivate func isLeftOut(_ name: String) -> Bool { subscription(named: name)?.obstacles.isEmpty != true }
}

extension ConfigurationHash {
    fileprivate mutating func add(_ registry: Registry, _ name: String) {
        guard let origin = registry.given(named: name)?.stored else { return add(registry.subscription(named: name)) }
        if registry.isLeftOut(name) { addLeftOut(origin.id) }
    }

    fileprivate mutating func remove(_ registry: Registry, _ name: String) {
        guard let origin = registry.given(named: name)?.stored else {
            return remove(registry.subscription(named: name))
        }
        if registry.isLeftOut(name) { removeLeftOut(origin.id) }
    }
}
