/// The data of events: a JSON object of a given size, with a place for the time at which it was sent.
public struct Payload: Sendable {
    /// `{"sentNs":"` and twenty digits come first, so that the sink finds them at once.
    private let template: [UInt8]
    private static let prefix = Array(#"{"sentNs":""#.utf8)
    private static let digits = 20

    /// - Parameter size: bytes of the whole object; at least 200.
    public init(size: Int) {
        let person =
            #"","id":101,"course":{"id":4711,"name":"Statistics for everyone","price":"129.00"},"#
            + #""student":{"id":90210,"email":"ada@example.com","roles":["student"]},"note":""#
        var bytes = Self.prefix + [UInt8](repeating: UInt8(ascii: "0"), count: Self.digits) + Array(person.utf8)
        let end = Array(#""}"#.utf8)
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
