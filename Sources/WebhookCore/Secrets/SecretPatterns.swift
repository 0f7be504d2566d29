/// The byte strings that a ``Redactor`` looks for.
struct SecretPatterns: Sendable {
    /// By their first byte; of several at one place the longest match counts, so that a secret within another leaves no rest.
    private let patterns: [UInt8: [[UInt8]]]
    /// For each byte, true when a pattern or an escape may begin with it: most bytes are passed over by this alone.
    private let isFirst: [Bool]

    init(secrets: [String]) {
        var all: Set<[UInt8]> = []
        for secret in secrets {
            all.formUnion(SecretEncodings.all(of: secret))
        }
        patterns = Dictionary(grouping: all) { $0[0] }.mapValues { $0.sorted { $0.count > $1.count } }
        isFirst = (0...255).map { [patterns] in
            !patterns.isEmpty && (patterns[$0] != nil || EscapedText.beginsEscape($0))
        }
    }

    /// Tells whether there is something to look for that may begin with a byte.
    func mayBegin(_ byte: UInt8) -> Bool { isFirst[Int(byte)] }

    /// Bytes without the secrets; `nil` where nothing was found.
    func redact(_ bytes: [UInt8], isCutOff: Bool) -> [UInt8]? {
        let text = EscapedText(bytes)
        var output: [UInt8] = []
        var copied = 0
        var index = 0
        while index < bytes.count {
            guard isFirst[Int(bytes[index])], let length = match(in: bytes, text, at: index, isCutOff: isCutOff) else {
                index += 1
                continue
            }
            output.append(contentsOf: bytes[copied..<index])
            output.append(contentsOf: "***".utf8)
            index += length
            copied = index
        }
        guard copied > 0 else { return nil }
        output.append(contentsOf: bytes[copied...])
        return output
    }

    /// The number of bytes of the text that a secret takes at a place.
    private func match(in bytes: [UInt8], _ text: EscapedText, at index: Int, isCutOff: Bool) -> Int? {
        var longest: Int?
        func look(_ patterns: [[UInt8]]?) {
            for pattern in patterns ?? [] {
                guard let length = length(of: pattern, in: bytes, text, at: index, isCutOff: isCutOff) else { continue }
                longest = max(longest ?? 0, length)
            }
        }
        look(patterns[bytes[index]])
        if EscapedText.beginsEscape(bytes[index]), let first = text.escape(at: index)?.bytes.first,
            first != bytes[index]
        {
            look(patterns[first])
        }
        return longest
    }

    /// The number of bytes of the text that a needle takes at a place, escaped in any way; `nil` where it doesn't stand
    /// there.
    private func length(
        of pattern: [UInt8],
        in bytes: [UInt8],
        _ text: EscapedText,
        at start: Int,
        isCutOff: Bool
    ) -> Int? {
        // Where both the byte and the escape at a place fit, both are followed.
        var open = [(matched: 0, position: start)]
        var seen: Set<Int> = []
        while var (matched, position) = open.popLast() {
            while matched < pattern.count {
                guard position < bytes.count else {
                    if isCutOff { return bytes.count - start }
                    break
                }
                let fits = bytes[position] == pattern[matched]
                if EscapedText.beginsEscape(bytes[position]) {
                    if let escape = text.escape(at: position), pattern[matched...].starts(with: escape.bytes) {
                        let next = (matched: matched + escape.bytes.count, position: position + escape.length)
                        guard fits else {
                            (matched, position) = next
                            continue
                        }
                        if seen.insert(next.position * (pattern.count + 1) + next.matched).inserted {
                            open.append(next)
                        }
                    } else if !fits, isCutOff, position > start, text.endsWithinEscape(at: position) {
                        return bytes.count - start
                    }
                }
                guard fits else { break }
                matched += 1
                position += 1
            }
            if matched == pattern.count { return position - start }
        }
        return nil
    }
}
