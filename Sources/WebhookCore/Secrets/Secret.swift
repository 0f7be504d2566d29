/// A credential that can't be printed by accident.
///
/// It has no textual form of its own: descriptions, dumps and interpolation give `***`. Whoever needs the value says so
/// with ``reveal()``, which is easy to search for.
public struct Secret: Sendable, Hashable {
    private let value: String

    /// Wraps a value.
    public init(_ value: String) {
        self.value = value
    }

    /// The value itself, for the wire and for nothing else.
    public func reveal() -> String { value }

    /// True when there is no value at all.
    public var isEmpty: Bool { value.isEmpty }

    /// Compares in a time that depends on the lengths alone.
    public static func == (lhs: Secret, rhs: Secret) -> Bool {
        constantTimeEqual(lhs.value.utf8, rhs.value.utf8)
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Always `***`.
    public var description: String { "***" }
    /// Always `***`.
    public var debugDescription: String { "***" }
    /// A mirror without the value.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Tells whether two byte sequences are equal, in a time that depends on their lengths alone.
package func constantTimeEqual(_ lhs: some Collection<UInt8>, _ rhs: some Collection<UInt8>) -> Bool {
    guard lhs.count == rhs.count else { return false }
    var difference: UInt8 = 0
    for (left, right) in zip(lhs, rhs) { difference |= left ^ right }
    return difference == 0
}

/// The same for bytes: each request has a token to be compared.
package func constantTimeEqual(_ lhs: [UInt8], _ rhs: [UInt8]) -> Bool {
    guard lhs.count == rhs.count else { return false }
    var difference: UInt8 = 0
    for index in lhs.indices { difference |= lhs[index] ^ rhs[index] }
    return difference == 0
}

/// The text of a file, or variable, with one secret.
package enum SecretFile {
    /// The secret of a text from which the final line break was taken: all of it, but for what `keygen --ed25519` writes,
    /// the key `whsk_…` and its public half `whpk_…` on a second line. There the key alone is the secret.
    package static func secret(of text: String) -> String {
        let lines = text.split(whereSeparator: \.isNewline)
        guard lines.count == 2, lines[0].hasPrefix("whsk_"), lines[1].hasPrefix("whpk_") else { return text }
        return String(lines[0])
    }
}
