/// The reason why something could not be done. The texts hold no secret.
public struct WebhooksError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of failure. Stable, to match on.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        /// Its name, such as `not_found`.
        public let description: String

        /// The configuration has errors; see ``WebhooksError/diagnostics``.
        public static let configuration = Code(description: "configuration")
        /// An event, its data or its id is not acceptable.
        public static let event = Code(description: "event")
        /// An event or a cancellation that belongs to the host's transaction was given outside of one.
        public static let transaction = Code(description: "transaction")
        /// There is no profile or topic of that name.
        public static let unknown = Code(description: "unknown")
        /// No event or delivery has that id, or no subscription that name: in the configuration, or for what the log tells
        /// in the store either.
        public static let notFound = Code(description: "not_found")
        /// The request is not possible in the present state, such as a retrigger for a disabled subscription.
        public static let refused = Code(description: "refused")
        /// A body or a request can't be rendered.
        public static let rendering = Code(description: "rendering")
        /// The store did not do it.
        public static let store = Code(description: "store")
    }

    /// For programs.
    public var code: Code
    /// For people: what happened. ``description`` says what to do, too.
    public var message: String
    /// This is the advice, worded by whoever shows the error.
    package var remedy: Remedy?
    /// The part that it is about, where that can be said: `topic`, `id`, `tenant`, `data`, a member of the data such as
    /// `data.course.price`, or a key of a subscription.
    public var key: String?
    /// The configuration's problems, where ``code`` is `configuration`.
    public var diagnostics: [Diagnostic]
    /// The store's error, where ``code`` is `store`.
    public var store: StoreError?

    package init(_ code: Code, _ message: String, key: String? = nil, remedy: Remedy? = nil) {
        self.remedy = remedy
        self.code = code
        self.message = message
        self.key = key
        diagnostics = []
    }

    package init(_ diagnostics: [Diagnostic]) {
        code = .configuration
        message = diagnostics.map(\.description).joined(separator: "\n")
        key = diagnostics.first?.key
        self.diagnostics = diagnostics
    }

    package init(_ error: StoreError) {
        code = .store
        message = error.message
        remedy = error.remedy
        diagnostics = []
        store = error
    }

    /// For an event that was to be stored: one that the store refuses is the event's fault, not the store's.
    package init(accepting error: StoreError) {
        if error.code == .refused {
            self.init(.event, error.message, remedy: error.remedy)
        } else {
            self.init(error)
        }
    }

    package init(_ error: RenderingError) {
        self.init(.rendering, error.description)
    }

    /// The message, and what a host can do about it.
    public var description: String { text(for: .host) }

    /// The message, and what a reader can do about it.
    package func text(for audience: Audience) -> String {
        remedy?.text(after: message, for: audience) ?? message
    }
}
