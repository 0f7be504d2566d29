internal import Glibc
internal import WebhookCore
internal import Webhooks

/// The log of the store that the options name, with what the configuration says about it.
struct OpenedLog {
    var log: WebhookLog
    /// The part of the configuration that could be read; nothing where there is no file.
    var outline: ConfigurationOutline
    var configuration: WebhookConfiguration?
}

extension OpenedLog {
    /// The subscriptions that the file names, as far as it can be read.
    var configuredNames: [String] { outline.entries?.map(\.name) ?? [] }

    /// The same with whether each is enabled; `nil` where nobody knows all of them.
    var configured: [(name: String, isEnabled: Bool)]? { outline.isPartial ? nil : known }

    /// The subscriptions that could be read, with whether each is enabled.
    var known: [(name: String, isEnabled: Bool)]? { outline.entries?.map { ($0.name, $0.isEnabled) } }

    /// Changes by hand, to what the store or the configuration knows.
    var administration: WebhookAdministration { WebhookAdministration(log, configured: configuredNames) }

    /// Tells whether a dispatcher sends to one; it is taken to where nobody knows the subscriptions, and where the store keeps it.
    func serves(_ name: String) -> Bool {
        if StoredSubscription.isName(name) { return true }
        return configured.map { $0.contains { $0.name == name && $0.isEnabled } } ?? true
    }

    /// Says why nothing is sent to a subscription that the dispatcher has not disabled; `nil`: nothing of that kind is known.
    func off(_ name: String) -> String? {
        // What the store keeps is disabled by the same flag.
        if StoredSubscription.isName(name) { return nil }
        // Without a file, or beside one that is broken, nobody knows.
        guard configuration != nil, let entries = outline.entries, !outline.isPartial else { return nil }
        guard let entry = entries.first(where: { $0.name == name }) else {
            return "nothing is sent to it until it is back in the configuration; "
                + "`webhooks cancel --subscription \(name)` drops what it has open"
        }
        return entry.isEnabled ? nil : "the configuration says `enabled: false`"
    }

    /// Refuses events whose id a subscription can't get. Only for such an id the configuration is loaded; where it can't
    /// be, this is found out when the event is matched.
    func checkIDs(_ events: [Event]) -> [(index: Int, problem: WebhooksError)] {
        guard events.contains(where: EventIDCheck.concerns), let check = configuration.flatMap({ EventIDCheck($0) })
        else { return [] }
        return events.indices.compactMap { index in
            do throws(WebhooksError) {
                try check.check(events[index])
                return nil
            } catch {
                return (index, error)
            }
        }
    }
}

extension ConfigurationOptions {
    /// The log, for a command that needs the store alone: the configuration may be broken, and no secret of it is read.
    ///
    /// Says once what is wrong with it, and goes on.
    func openLog() throws -> OpenedLog {
        try checkStore()
        let path = path
        // Nobody has named a configuration and none is needed.
        if let store, !path.isGiven, access(path.text, F_OK) != 0 {
            let log = try WebhookLog(store, logger: logger())
            noteNewStore(of: log)
            return OpenedLog(log: log, outline: ConfigurationOutline(), configuration: nil)
        }
        let outline = configuration.outline()
        if outline.store == nil {
            let problems = (outline.problems + outline.storeProblems).filter { $0.severity == .error }
            if !problems.isEmpty { throw CommandFailure(configuration: problems) }
        } else if let first = outline.problems.first {
            var message = first.located
            let others = outline.problems.count - 1
            if others > 0 { message += ", and \(Counted.text(others, "other problem"))" }
            message += "; `webhooks validate` tells more"
            let isBroken = outline.problems.contains { $0.severity == .error }
            if isBroken { message += ". Going on with the store alone" }
            Notice.warning("configuration", message, asJSON: json)
        }
        let log = WebhookLog(location: outline.store, logger: logger())
        noteNewStore(of: log)
        return OpenedLog(log: log, outline: outline, configuration: configuration)
    }
}
