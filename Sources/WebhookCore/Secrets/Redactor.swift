/// Replaces secrets by `***` wherever a receiver may have echoed them.
public struct Redactor: Sendable {
    /// What to look for, by its first byte; of several at one place the longest counts, so that a secret within
    /// another leaves no rest.
    private let needles: [UInt8: [[UInt8]]]
    /// Whether some needle begins with a byte: most bytes are passed over by this alone.
    private let isFirst: [Bool]

    /// Looks for each text as it is, escaped for JSON, HTML or a URL, and for all that in base64 or base64url at any offset.
    ///
    /// Texts shorter than four bytes would mask half an answer and are left out.
    public init(secrets: [String]) {
        var all: Set<[UInt8]> = []
        for secret in secrets where secret.utf8.count >= 4 {
            all.formUnion(SecretSpellings.all(of: secret))
        }
        needles = Dictionary(grouping: all) { $0[0] }.mapValues { $0.sorted { $0.count > $1.count } }
        isFirst = (0...255).map { [needles] in needles[$0] != nil }
    }

    /// Whether there is nothing to look for.
    public var isEmpty: Bool { needles.isEmpty }

    /// A text without the secrets.
    public func redact(_ text: String) -> String {
        guard !needles.isEmpty, let redacted = redact(Array(text.utf8), isCutOff: false) else { return text }
        return String(decoding: redacted, as: UTF8.self)
    }

    /// Bytes without the secrets.
    ///
    /// - Parameter isCutOff: whether more bytes followed that were not kept; then the beginning of a secret at the
    ///   very end is replaced as well.
    public func redact(_ bytes: ByteString, isCutOff: Bool = false) -> ByteString {
        guard !needles.isEmpty, let redacted = redact(bytes.bytes, isCutOff: isCutOff) else { return bytes }
        return ByteString(redacted)
    }

    /// Headers without the secrets.
    public func redact(_ headers: [HTTPHeader]) -> [HTTPHeader] {
        needles.isEmpty ? headers : headers.map { HTTPHeader(redact($0.name), redact($0.value)) }
    }

    /// `nil` where nothing was found.
    private func redact(_ bytes: [UInt8], isCutOff: Bool) -> [UInt8]? {
        var output: [UInt8] = []
        var copied = 0
        var index = 0
        while index < bytes.count {
            guard isFirst[Int(bytes[index])], let length = match(in: bytes, at: index, isCutOff: isCutOff) else {
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

    /// How many bytes of a secret stand at a place.
    private func match(in bytes: [UInt8], at index: Int, isCutOff: Bool) -> Int? {
        let rest = bytes.count - index
        for needle in needles[bytes[index]] ?? [] {
            let length = min(needle.count, rest)
            guard length == needle.count || isCutOff else { continue }
            if (1..<length).allSatisfy({ bytes[index + $0] == needle[$0] }) { return length }
        }
        return nil
    }
}

extension Redactor: CustomStringConvertible, CustomReflectable {
    /// Says nothing about what is looked for.
    public var description: String { "Redactor" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
