/// A subscription that a host gives at run time: a plain value, its parts written as an entry of `webhooks.yaml` has them.
///
/// It is judged by the rules for the file, with every problem named by its key, when it is put into force by
/// `WebhookDispatcher`. What it leaves out is looked for in the configuration's `defaults`, then the profile, then built in; the
/// credentials of the defaults are not for it.
///
/// Nothing in it reads a file or the environment: whoever may write a draft can't make the dispatcher send one.
public struct SubscriptionDraft: Sendable, Hashable {
    /// Unique; `[A-Za-z0-9._-]`, at most 64. The configuration's names are not to be had.
    public var name: String
    /// For people.
    public var title: String?
    /// The URL that its requests go to; may hold constants of ``vars``.
    public var url: String
    /// True when the URL is a credential, and shown as `scheme://host:port/***`.
    public var hidesURL = false
    /// Topics and patterns: `course.created`, `user.*`, `**`.
    public var topics: [String]
    /// Only this tenant's events.
    public var tenant: String?
    /// Only the events of one of these tenants, instead of ``tenant``; empty: that one counts.
    public var tenants: [String] = []
    /// Only the messages of the HTTP API that go out on one of these channels; empty: all. At most ten, each of 1 to 128 letters,
    /// digits, `-`, `_`, `.`, `:` and `+`. What is emitted in other ways is on none. Not part of a draft's JSON.
    public var channels: [String] = []
    /// The profile's name.
    public var profile: String?
    /// A content type that the profile offers; with a ``body``, the type of that (defaults to `application/json`).
    public var contentType: String?
    /// The credentials that prove who sends; `nil`: none.
    public var authentication: Authentication?
    /// Signing secrets, the current one first; `nil`: none, which a profile that needs one refuses.
    public var secrets: [Secret]?
    /// Secrets that sign beside ``secrets``, each until its time is over: of subscriptions that are kept in the store.
    package var retiringSecrets: [RetiringSecret] = []
    /// Headers beside the profile's.
    public var headers: [ConfiguredHeader] = []
    /// A body template's text, or an object of texts by topic pattern.
    public var body: JSONValue?
    /// Mappings by topic pattern.
    public var payload: JSONValue?
    /// Paths with conditions, such as `["data.course.id": 101]`.
    public var filter: JSONValue?
    /// Constants, an object of texts, numbers and booleans.
    public var vars: JSONValue?
    /// `off`, `warn` or `enforce`.
    public var schema: String?
    /// Authorities, client certificate and its key, as PEM texts.
    public var tls: TLSOptions?
    /// `1.1` or `2`.
    public var httpVersion: String?
    /// True when its receiver gets `traceparent` and `tracestate`; defaults to `false`.
    public var sendsTrace: Bool?
    /// `false`: as if it were not there, but for test sends. One that the store keeps is disabled by hand then: what it misses is
    /// cancelled, with the error `disabled`.
    public var isEnabled: Bool?
    /// The settings of `delivery` as in the file, such as `["timeout": "15s", "mode": "single-shot"]`.
    public var delivery: JSONValue?

    /// Makes a draft of what each needs.
    public init(name: String, url: String, topics: [String]) {
        self.name = name
        self.url = url
        self.topics = topics
    }
}

extension SubscriptionDraft: CustomStringConvertible, CustomReflectable {
    /// Its name alone.
    public var description: String { "SubscriptionDraft(\(SubscriptionDraft.shown(name)))" }
    /// A mirror without the rest, where the secrets are.
    public var customMirror: Mirror { Mirror(self, children: ["name": Self.shown(name)]) }

    private static func shown(_ name: String) -> String { name.hasControlCharacters ? "…" : String(name.prefix(64)) }
}
