/// A promise that was broken.
struct Violation: Error, Sendable, Hashable, CustomStringConvertible {
    enum Kind: String, Sendable, CaseIterable {
        /// Acknowledged, and never received or never on record.
        case lost
        /// A single-shot delivery that was sent twice.
        case doubled
        /// A request without an attempt on record.
        case unrecorded
        /// Delivered on record, and no receiver has accepted it.
        case untrue
        /// Not the same bytes each time, or those of another event.
        case altered
        /// Not in the order of acceptance.
        case disordered
        /// More in a time than the rate limit allows.
        case hurried
        /// Held up by others.
        case stalled
        /// A delivery that didn't settle.
        case open
        /// A command that took too long, crashed, or exited with a code that isn't documented for it.
        case command
        /// Memory, descriptors or log that grow without bound.
        case growth
        /// The store's own check, or a host's transaction that was torn apart.
        case damaged
        /// A redirect that was followed.
        case redirected
        /// A dispatcher that went on without its files.
        case unnoticed
    }

    var kind: Kind
    var text: String

    init(_ kind: Kind, _ text: String) {
        self.kind = kind
        self.text = text
    }

    var description: String { "\(kind.rawValue): \(text)" }
}
