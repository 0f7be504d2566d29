internal import Collections

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
