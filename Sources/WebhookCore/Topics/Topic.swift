/// The grammar of topic names: `^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`, at most 256 bytes. Letters are told apart by case.
package enum Topic {
    /// Tells whether a name is a topic.
    package static func isValid(_ name: String) -> Bool {
        guard (1...256).contains(name.utf8.count) else { return false }
        var segmentLength = 0
        for byte in name.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                segmentLength += 1
            case UInt8(ascii: "."):
                guard segmentLength > 0 else { return false }
                segmentLength = 0
            default:
                return false
            }
        }
        return segmentLength > 0
    }
}

/// A topic, or a pattern of topics: `*` stands for one segment, `**` for one or more.
package struct TopicPattern: Sendable, Hashable, CustomStringConvertible {
    private enum Segment: Sendable, Hashable {
        case literal([UInt8])
        case one
        case many

        func accepts(_ part: Slice<UnsafeRawBufferPointer>) -> Bool {
            switch self {
            case .one, .many: true
            case .literal(let text): part.elementsEqual(text)
            }
        }
    }

    private let segments: [Segment]
    /// The pattern as written.
    package let description: String
    /// True when the pattern names more than one topic.
    package let hasWildcard: Bool

    /// Reads a pattern.
    ///
    /// - Throws: ``TopicPatternError`` where it is neither a topic nor one with `*` or `**` as whole segments.
    package init(_ text: String) throws(TopicPatternError) {
        guard text.utf8.count <= 256 else { throw TopicPatternError(text) }
        var segments: [Segment] = []
        for part in text.split(separator: ".", omittingEmptySubsequences: false) {
            switch part {
            case "*": segments.append(.one)
            case "**": segments.append(.many)
            default:
                guard Topic.isValid(String(part)) else { throw TopicPatternError(text) }
                segments.append(.literal(Array(part.utf8)))
            }
        }
        self.segments = segments
        hasWildcard = segments.contains { $0 == .one || $0 == .many }
        description = text
    }

    /// Tells whether a topic is covered. At most quadratic in the number of segments; allocates nothing.
    package func matches(_ topic: String) -> Bool {
        guard hasWildcard else { return topic == description }
        var topic = topic
        return topic.withUTF8 { matches(UnsafeRawBufferPointer($0)) }
    }

    private func matches(_ topic: UnsafeRawBufferPointer) -> Bool {
        // Where the topic's current segment begins; past the end once all are matched.
        var start = 0
        var segment = 0
        // Where matching goes on when the last `**` takes one more segment: earlier ones need never take more.
        var resume: (start: Int, segment: Int)?
        while start <= topic.count {
            let end = Self.end(ofSegmentAt: start, in: topic)
            if segment < segments.count, segments[segment].accepts(topic[start..<end]) {
                start = end + 1
                segment += 1
                if segments[segment - 1] == .many { resume = (start, segment) }
            } else if let last = resume {
                start = Self.end(ofSegmentAt: last.start, in: topic) + 1
                segment = last.segment
                resume = (start, segment)
            } else {
                return false
            }
        }
        return segment == segments.count
    }

    /// Tells whether this pattern matches every topic that another one matches. `false` may also mean that it can't be
    /// told.
    package func covers(_ other: TopicPattern) -> Bool {
        var row = [Bool](repeating: false, count: other.segments.count + 1)
        row[0] = true
        for segment in segments {
            var next = [Bool](repeating: false, count: row.count)
            for (index, part) in other.segments.enumerated() {
                switch (segment, part) {
                case (.many, _): next[index + 1] = row[index] || next[index]
                case (.one, .many), (.literal, .one), (.literal, .many): break
                case (.one, _): next[index + 1] = row[index]
                case (.literal(let own), .literal(let text)): next[index + 1] = row[index] && own == text
                }
            }
            row = next
        }
        return row.last ?? false
    }

    /// The topic that this pattern covers and that has another topic's segments where the wildcards stand: what may have been
    /// meant by the other one. `nil` where the numbers of segments differ.
    package func filled(from topic: String) -> String? {
        guard hasWildcard else { return description }
        var parts = description.split(separator: ".")
        let given = topic.split(separator: ".")
        let missing = given.count - parts.count
        if let many = parts.firstIndex(of: "**"), missing > 0 {
            parts.insert(contentsOf: repeatElement("*", count: missing), at: many)
        }
        guard parts.count == given.count else { return nil }
        return zip(parts, given).map { $0 == "*" || $0 == "**" ? $1 : $0 }.joined(separator: ".")
    }

    private static func end(ofSegmentAt start: Int, in topic: UnsafeRawBufferPointer) -> Int {
        var end = start
        while end < topic.count, topic[end] != UInt8(ascii: ".") { end += 1 }
        return end
    }
}

/// A text that is no pattern of topics.
package struct TopicPatternError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The mistake, and the form of a pattern.
    package let description: String

    init(_ text: String) {
        description =
            "\(text.prefix(64).debugDescription) is no topic or pattern: letters, digits, _ and -, in segments joined by dots; "
            + "* stands for one segment and ** for one or more"
    }
}
