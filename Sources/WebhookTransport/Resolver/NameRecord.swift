internal import Collections
internal import WebhookCore

/// The history of a name's lookups.
struct NameRecord: Sendable {
    /// The order in which names that wait are taken up. Within a standing, first come first served.
    enum Standing: Int, Sendable {
        /// Answered in time before, and the last time too.
        case proven
        /// Never tried; or failed quickly; or answered in time before and was slow the last time or two.
        case untried
        /// Slow or silent, without an answer in time before or for the third time running.
        case slow
    }

    var answer: Result<[IPAddress], ResolutionError>
    var expires: MonotonicTime
    /// True when it ever had an address in time, in this process or, as the store knows, before.
    var hasAnswered: Bool
    /// Lookups in a row that took too long, whatever they found.
    var slowLookups: Int

    private static let toleratedSlowLookups = 2

    var standing: Standing {
        if slowLookups == 0 { return hasAnswered ? .proven : .untried }
        return hasAnswered && slowLookups <= Self.toleratedSlowLookups ? .untried : .slow
    }
}

/// Names, grouped by domain: domains take turns, and the names of one are first in first out.
struct DomainQueue {
    private var names: [Substring: Deque<String>] = [:]
    private var turns: Deque<Substring> = []

    /// Names that wait; some of them may have been taken up by other ways.
    private(set) var count = 0

    mutating func append(_ name: String, domain: Substring) {
        count += 1
        if names[domain]?.append(name) == nil {
            names[domain] = [name]
            turns.append(domain)
        }
    }

    /// The next name of the first domain that may go.
    mutating func popFirst(where mayGo: (Substring) -> Bool) -> String? {
        for _ in 0..<turns.count {
            guard let domain = turns.popFirst() else { return nil }
            guard mayGo(domain), let name = names[domain]?.popFirst() else {
                turns.append(domain)
                continue
            }
            count -= 1
            if names[domain]?.isEmpty == false { turns.append(domain) } else { names[domain] = nil }
            return name
        }
        return nil
    }
}

/// The part of a name that its owner registered, by rule of thumb.
enum RegistrableDomain {
    /// The last two labels of a name; three where the last two look like a country's registry ("co.uk", "com.au").
    ///
    /// There is no list of public suffixes here, which would have to be kept up to date. Where the rule errs, names of
    /// several owners share one bound on concurrent lookups and take turns within it: some wait longer, none fails.
    static func of(_ host: String) -> Substring {
        let labels = host.split(separator: ".")
        guard labels.count > 2, let last = labels.last else { return host[...] }
        let isCountryRegistry = last.utf8.count == 2 && labels[labels.count - 2].utf8.count <= 3
        let first = labels[labels.count - (isCountryRegistry ? 3 : 2)]
        return host[first.startIndex..<last.endIndex]
    }
}
