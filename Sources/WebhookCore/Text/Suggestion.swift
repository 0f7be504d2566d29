/// The known name that is nearest to a mistyped one.
package enum Suggestion {
    /// The nearest candidate, where it is near enough to be a slip: a third of the word's letters, at least one.
    package static func nearest(to word: String, in candidates: some Collection<String>) -> String? {
        guard word.utf8.count <= 256 else { return nil }
        let letters = Array(word.lowercased().utf8)
        let limit = max(1, letters.count / 3)
        var best: (distance: Int, word: String)?
        for candidate in candidates {
            let other = Array(candidate.lowercased().utf8)
            guard abs(other.count - letters.count) <= limit else { continue }
            let distance = distance(letters, other)
            if distance <= limit, distance < best?.distance ?? .max { best = (distance, candidate) }
        }
        return best?.word
    }

    /// The nearest candidate, or else the only one that the word begins: a name that was cut short.
    package static func completed(_ word: String, in candidates: some Collection<String>) -> String? {
        if let near = nearest(to: word, in: candidates) { return near }
        let prefix = word.lowercased()
        let longer = Set(candidates.filter { $0.lowercased().hasPrefix(prefix) })
        return prefix.utf8.count >= 3 && longer.count == 1 ? longer.first : nil
    }

    /// `a`, `b` and `c`, each in backticks.
    package static func list(_ words: some Collection<String>) -> String {
        let quoted = words.map { "`\($0)`" }
        guard let last = quoted.last, quoted.count > 1 else { return quoted.first ?? "none" }
        return "\(quoted.dropLast().joined(separator: ", ")) and \(last)"
    }

    /// Insertions, deletions, replacements and swaps of neighbours.
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for i in left.indices {
            var row = [i + 1]
            row.reserveCapacity(right.count + 1)
            for j in right.indices {
                var cost = min(last[j] + (left[i] == right[j] ? 0 : 1), last[j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                    cost = min(cost, beforeLast[j - 1] + 1)
                }
                row.append(cost)
            }
            (beforeLast, last) = (last, row)
        }
        return last[right.count]
    }
}
