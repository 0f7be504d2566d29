/// Something that can be done about a problem: data beside its message, put into words where it is known who reads them.
package enum Remedy: Sendable, Hashable {
    // MARK: Configuration
    case makeSecret(ed25519: Bool)
    case makeEncryptionKey
    case giveEncryptionKey
    case makeToken
    /// `nil`: of every profile.
    case listTopics(profile: String?)
    /// `nil`: no topic in particular.
    case showTopic(String?)
    /// - Parameter isMissing: whether there is none, and a first one could be made.
    case nameConfiguration(isMissing: Bool)
    case allowAddress
    case validateTemplates
    case validateRest

    // MARK: Subscriptions and deliveries
    case listSubscriptions
    case listStored
    case enable(String)
    /// - Parameter isStored: whether it is kept in the store.
    case bringBack(isStored: Bool)
    case resume
    case explainRefusal
    case listHeld
    case retryOpen
    case retriggerFailed
    case listFailed
    case settleSetAside
    case cancelParked
    case listParked
    case prune
    case reseal

    // MARK: Stores
    case nameStore
    case checkStore
    case expungeDamage
    case completeCopy
    /// Of a database on a server.
    case restoreDatabase
    /// The message says it itself.
    case inMessage
}

extension Remedy {
    /// This is the advice in a reader's words; `nil`: there is nothing that the reader can do.
    package func text(for audience: Audience) -> String? {
        let words = words
        return switch audience {
        case .commandLine: words.command
        case .host: words.function
        case .client: words.request
        }
    }

    /// A message, and what a reader can do behind it.
    package func text(after message: String, for audience: Audience) -> String {
        text(for: audience).map { "\(message); \($0)" } ?? message
    }

    /// The same for each audience, in its own terms; `nil`: it can do nothing.
    private struct Words {
        var command: String?
        var function: String?
        var request: String?

        init(_ command: String? = nil, host function: String? = nil, client request: String? = nil) {
            (self.command, self.function, self.request) = (command, function, request)
        }
    }

    private var words: Words {
        switch self {
        case .makeSecret(let ed25519):
            return Words(
                "make one with `webhooks keygen\(ed25519 ? " --ed25519" : "")`",
                host: "make one with `Signatures.generate(ed25519: \(ed25519))`",
                client: "leave it out, and one is made"
            )
        case .makeEncryptionKey:
            return Words(
                "`webhooks keygen --encryption` makes one",
                host: "`StoredSubscriptions.generateKey()` makes one"
            )
        case .giveEncryptionKey:
            return Words(
                "give one as `server.encryptionKey`; `webhooks keygen --encryption` makes one",
                host: "give one by `withEncryptionKeys(_:)`; `StoredSubscriptions.generateKey()` makes one"
            )
        case .makeToken: return Words("`webhooks keygen --token` makes one")
        case .listTopics(let profile):
            return Words(
                "see `webhooks topics list\(profile.map { " --profile \($0)" } ?? "")`",
                host: "see `topics.entries(\(profile.map { "profile: \"\($0)\"" } ?? ""))`"
            )
        case .showTopic(let topic):
            return Words("see `webhooks topics show\(topic.map { " \($0)" } ?? "")`", host: "see `topics.topic(_:)`")
        case .nameConfiguration(let isMissing):
            let first = isMissing ? ", or make a first one with `webhooks init`" : ""
            return Words(
                "name another with --config PATH or $WEBHOOKS_CONFIG\(first)",
                host: "name another with `.file(_:)`"
            )
        case .allowAddress:
            let allow = "list the address under `egress.allow` if that is meant"
            return Words(allow, host: allow, client: "only whoever runs this server can allow it (`egress.allow`)")
        case .validateTemplates:
            return Words("`webhooks validate` tells more", host: "`load()` of the configuration tells more")
        case .validateRest:
            return Words("`webhooks validate` lists all", host: "`load()` of the configuration has all")
        case .listSubscriptions:
            return Words("`webhooks stats` lists them", host: "`log.subscriptionNames()` has the store's")
        case .listStored: return Words(host: "`storedSubscriptions.list()` has them")
        case .enable(let name):
            return Words(
                "`webhooks enable \(name)` first",
                host: "`administration.setEnabled(_:subscription:)` first",
                client: "a PATCH with `disabled: false` first"
            )
        case .bringBack(let isStored):
            let http = isStored ? ", over HTTP a PATCH with `disabled: false`," : ""
            return Words(
                "`webhooks enable`\(http) brings it back",
                host: "`administration.setEnabled(_:subscription:)`\(http) brings it back"
            )
        case .resume:
            return Words("`webhooks resume` sends them", host: "`administration.resume(subscription:)` sends them")
        case .explainRefusal: return Words("`webhooks doctor` says why", host: "the log says why")
        case .listHeld: return Words("`webhooks doctor` says which")
        case .retryOpen:
            return Words(
                "`webhooks retry` makes the next attempt now, `--duplicate` sends a second copy",
                host: "`administration.retry(_:)` makes the next attempt now, `duplicates: true` sends a second copy"
            )
        case .retriggerFailed:
            return Words("`webhooks retrigger` sends it again", host: "`retrigger(_:)` sends it again")
        case .listFailed:
            return Words(
                "`webhooks deliveries list --state failed --state unknown` shows them",
                host: "`log.deliveries(_:)` has them by their states"
            )
        case .settleSetAside:
            return Words(
                "`webhooks retrigger` tries it again, `webhooks cancel` drops it",
                host: "`retrigger(_:)` tries it again, `administration.cancel(_:)` drops it"
            )
        case .cancelParked:
            return Words(
                "`webhooks cancel --subscription` drops them",
                host: "`administration.cancel(_:)` drops them"
            )
        case .listParked: return Words("`webhooks stats` shows them", host: "`log.deliveries(_:)` has them")
        case .reseal:
            let effect = "seals with the new one, and then the other may go"
            return Words("`webhooks reseal` \(effect)", host: "`storedSubscriptions.reseal()` \(effect)")
        case .prune: return Words("`webhooks prune` deletes it")
        case .nameStore:
            return Words(
                "set `store: sqlite:PATH` in the configuration, or pass --store",
                host: "set `store: sqlite:PATH` in the configuration, or `store` of the settings"
            )
        case .checkStore: return Words("`webhooks check` tells more", host: "`log.integrityProblems()` tells more")
        case .expungeDamage:
            return Words(
                "`webhooks expunge ID` erases what an event and its deliveries held, and with it what is damaged"
            )
        case .completeCopy:
            return Words(
                "complete it with `webhooks store copy`, then it can be used",
                host: "complete the copy, then it can be used"
            )
        case .restoreDatabase:
            return Words(
                "`webhooks doctor` and `webhooks check` tell more; restore the database from a backup (docs/log.md)",
                host: "`log.integrityProblems()` tells more"
            )
        case .inMessage: return Words()
        }
    }
}
