/// The data of events: a JSON object of a given size, with a place for the time at which it was sent.
public struct Payload: Sendable {
    /// `{"sentNs":"` and twenty digits come first, so that the sink finds them at once.
    private let template: [UInt8]
    private static let prefix = Array(#"{"sentNs":""#.utf8)
    private static let digits = 20

    /// The facts of an object, around a text that makes it as long as it has to be.
    public enum Shape: Sendable {
        /// An application's own, which every platform passes on.
        case own
        /// The canonical event of a course that was created.
        case canonical
        /// The same as Loopwise would send it.
        case native

        fileprivate var start: String {
            switch self {
            case .own:
                #"","id":101,"course":{"id":4711,"name":"Statistics for everyone","price":"129.00"},"#
                    + #""student":{"id":90210,"email":"ada@example.com","roles":["student"]},"note":""#
            case .canonical:
                #"","course":{"id":"4711","name":"Statistics for everyone","slug":"statistics","status":"published","#
                    + #""plans":[{"id":"508","name":"Lifetime access","currency":"EUR","price":"129.00"}],"#
                    + #""createdAt":"2026-02-01T09:00:00.000Z","updatedAt":"2026-02-10T16:20:00.000Z","description":""#
            case .native:
                #"","id":"4711","name":"Statistics for everyone","state":"published","type":"Course","#
                    + #""created_at":"2026-02-01T09:00:00Z","updated_at":"2026-02-10T16:20:00Z","slug":"statistics","#
                    + #""plans":[{"id":"508","name":"Lifetime access","description":"","currency":"EUR","amount":12900,"#
                    + #""created_at":"2026-02-01T09:00:00Z","updated_at":"2026-02-10T16:20:00Z"}],"description":""#
            }
        }

        fileprivate var end: String { self == .canonical ? #""}}"# : #""}"# }
    }

    /// - Parameter size: bytes of the whole object; a shape's own facts are at least 200, or 500 of native ones.
    public init(size: Int, _ shape: Shape = .own) {
        var bytes = Self.prefix + [UInt8](repeating: UInt8(ascii: "0"), count: Self.digits) + Array(shape.start.utf8)
        let end = Array(shape.end.utf8)
        let words = Array("the quick brown fox jumps over the lazy dog and back ".utf8)
        var index = 0
        while bytes.count + end.count < size {
            bytes.append(words[index % words.count])
            index += 1
        }
        template = bytes + end
    }

    /// The object, sent at a time.
    public func bytes(sentAt instant: Instant) -> [UInt8] {
        var bytes = template
        var rest = instant.nanoseconds
        var position = Self.prefix.count + Self.digits
        while rest > 0 {
            position -= 1
            bytes[position] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
        return bytes
    }
}
