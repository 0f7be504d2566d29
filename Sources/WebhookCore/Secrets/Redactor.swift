/// Replaces secrets by `***` wherever a receiver may have echoed them.
public struct Redactor: Sendable {
    /// What to look for, longest first, so that a secret within another leaves no rest.
    private let needles: [[UInt8]]
    private static let mask = Array("***".utf8)

    /// Looks for each text, in base64 too; texts shorter than four bytes would mask half an answer and are left out.
    public init(secrets: [String]) {
        var needles: Set<[UInt8]> = []
        for secret in secrets where secret.utf8.count >= 4 {
            let bytes = Array(secret.utf8)
            needles.insert(bytes)
            // A text inside a longer base64 run starts at one of three offsets; the parts that depend on neighbours are cut.
            for offset in 0..<3 {
                let part = Self.base64Core(bytes, offset: offset)
                if part.count >= 6 {
                    needles.insert(part)
                    needles.insert(part.map { $0 == UInt8(ascii: "+") ? UInt8(ascii: "-") : $0 == UInt8(ascii: "/") ? UInt8(ascii: "_") : $0 })
                }
            }
        }
        self.needles = needles.sorted { $0.count > $1.count }
    }

    /// Whether there is nothing to look for.
    public var isEmpty: Bool { needles.isEmpty }

    /// A text without the secrets.
    public func redact(_ text: String) -> String {
        guard !needles.isEmpty, let redacted = redact(Array(text.utf8)) else { return text }
        return String(decoding: redacted, as: UTF8.self)
    }

    /// Bytes without the secrets.
    public func redact(_ bytes: ByteString) -> ByteString {
        guard !needles.isEmpty, let redacted = redact(bytes.bytes) else { return bytes }
        return ByteString(redacted)
    }

    /// Headers without the secrets.
    public func redact(_ headers: [HTTPHeader]) -> [HTTPHeader] {
        needles.isEmpty ? headers : headers.map { HTTPHeader(redact($0.name), redact($0.value)) }
    }

    private func redact(_ bytes: [UInt8]) -> [UInt8]? {
        var output: [UInt8] = []
        var copied = 0
        var index = 0
        while index < bytes.count {
            if let needle = needles.first(where: { Self.stands($0, in: bytes, at: index) }) {
                output.append(contentsOf: bytes[copied..<index])
                output.append(contentsOf: Self.mask)
                index += needle.count
                copied = index
            } else {
                index += 1
            }
        }
        guard copied > 0 else { return nil }
        output.append(contentsOf: bytes[copied...])
        return output
    }

    private static func stands(_ needle: [UInt8], in bytes: [UInt8], at index: Int) -> Bool {
        guard bytes[index] == needle[0], index + needle.count <= bytes.count else { return false }
        for offset in 1..<needle.count where bytes[index + offset] != needle[offset] { return false }
        return true
    }

    /// The base64 of `bytes` as it looks `offset` bytes into a longer run, without the characters that mix with neighbours.
    private static func base64Core(_ bytes: [UInt8], offset: Int) -> [UInt8] {
        let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        let padded = [UInt8](repeating: 0, count: offset) + bytes
        var output: [UInt8] = []
        var bit = 0
        while bit + 6 <= padded.count * 8 {
            if bit >= offset * 8 {
                let first = UInt16(padded[bit / 8]) << 8
                let second = bit / 8 + 1 < padded.count ? UInt16(padded[bit / 8 + 1]) : 0
                let value = ((first | second) >> (10 - UInt16(bit % 8))) & 63
                output.append(alphabet.utf8Start[Int(value)])
            }
            bit += 6
        }
        return output
    }
}
