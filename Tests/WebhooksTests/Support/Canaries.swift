import Foundation
import Testing

/// Secrets that a test plants, to look for them everywhere afterwards.
struct Canaries {
    /// By where they are planted; no two begin alike.
    let values: [String: String]

    /// Which of them show in some bytes: as they are, percent-encoded, or within base64 at any offset, once or twice.
    func found(in bytes: some Collection<UInt8>) -> [String] {
        let text = String(decoding: bytes, as: UTF8.self)
        return values.filter { _, canary in spellings(of: canary).contains { text.contains($0) } }.keys.sorted()
    }

    func found(in text: String) -> [String] { found(in: text.utf8) }

    private func spellings(of canary: String) -> [String] {
        let once = base64(canary)
        return [canary, canary.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? canary] + once
            + once.flatMap(base64)
    }

    /// What of a text's base64 does not depend on the bytes around it, for the three places where it can begin.
    private func base64(_ text: String) -> [String] {
        (0..<3).map { offset in
            let encoded = Data([UInt8](repeating: 0x20, count: offset) + Array(text.utf8)).base64EncodedString()
            let first = (offset * 8 + 5) / 6
            let last = (offset + text.utf8.count) * 8 / 6
            return String(encoded.dropFirst(first).prefix(last - first))
        }
    }
}
