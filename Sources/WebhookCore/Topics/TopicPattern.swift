/// A topic, or a pattern of topics: `*` stands for one segment, `**` for one or more.
public struct TopicPattern: Sendable, Hashable, CustomStringConvertible {
    private enum Segment: Sendable, Hashable {
        case literal(String)
        case one
        case many
    }

    private let segments: [Segment]
    /// The pattern as written.
    public let description: String

    /// Reads a pattern; `nil` where it is neither a topic nor one with `*` or `**` as whole segments.
    public init?(_ text: String) {
        var segments: [Segment] = []
        for part in text.split(separator: ".", omittingEmptySubsequences: false) {
            switch part {
            case "*": segments.append(.one)
            case "**": segments.append(.many)
            default:
                guard Topic.isValid(String(part)) else { return nil }
                segments.append(.literal(String(part)))
            }
        }
        guard text.utf8.count <= 256 else { return nil }
        self.segments = segments
        description = text
    }

    /// Whether the pattern names more than one topic.
    public var hasWildcard: Bool { segments.contains { $0 == .one || $0 == .many } }

    /// Whether a topic is covered. At most quadratic in the number of segments.
    public func matches(_ topic: String) -> Bool {
        if !hasWildcard { return topic == description }
        let parts = topic.split(separator: ".", omittingEmptySubsequences: false)
        var part = 0
        var segment = 0
        // Where matching goes on when a `**` takes one more segment.
        var resume: (part: Int, segment: Int)?
        while part < parts.count {
            if segment < segments.count, accepts(segments[segment], parts[part]) {
                part += 1
                segment += 1
                if segments[segment - 1] == .many { resume = (part, segment) }
            } else if let last = resume {
                part = last.part + 1
                segment = last.segment
                resume = (part, segment)
            } else {
                return false
            }
        }
        return segment == segments.count
    }

    private func accepts(_ segment: Segment, _ part: Substring) -> Bool {
        switch segment {
        case .one, .many: true
        case .literal(let text): text == part
        }
    }
}
