internal import Synchronization

/// Replaces secrets by `***` wherever a receiver may have echoed them.
package struct Redactor: Sendable {
    private let source: Source

    /// Looks for each text as it is, in base64 or base64url at any offset, also of its usual escapes, and for all that with
    /// any part of it escaped for a URL, JSON, HTML or XML (see ``EscapedText``).
    ///
    /// Texts shorter than four bytes would mask half an answer and are left out.
    package init(secrets: [String]) {
        source = Source(secrets.filter { $0.utf8.count >= 4 })
    }

    /// True when there is nothing to look for.
    package var isEmpty: Bool { source.secrets.isEmpty }

    /// A text without the secrets.
    package func redact(_ text: String) -> String {
        guard !isEmpty, !text.isEmpty else { return text }
        let patterns = source.patterns
        guard text.utf8.contains(where: patterns.mayBegin),
            let redacted = patterns.redact(Array(text.utf8), isCutOff: false)
        else { return text }
        return String(decoding: redacted, as: UTF8.self)
    }

    /// Bytes without the secrets.
    ///
    /// - Parameter isCutOff: whether more bytes followed that were not kept; then the beginning of a secret at the
    ///   very end is replaced as well.
    package func redact(_ bytes: ByteString, isCutOff: Bool = false) -> ByteString {
        guard !isEmpty, !bytes.isEmpty else { return bytes }
        let patterns = source.patterns
        guard bytes.withUnsafeBytes({ $0.contains(where: patterns.mayBegin) }),
            let redacted = patterns.redact(bytes.bytes, isCutOff: isCutOff)
        else { return bytes }
        return ByteString(redacted)
    }

    /// Headers without the secrets.
    package func redact(_ headers: [HTTPHeader]) -> [HTTPHeader] {
        isEmpty ? headers : headers.map { HTTPHeader(redact($0.name), redact($0.value)) }
    }

    /// The secrets, and what is looked for once somebody has asked: a hundred byte strings each, which fifty thousand
    /// subscriptions at rest can do without.
    private final class Source: Sendable {
        let secrets: [String]
        private let made = Mutex<SecretPatterns?>(nil)

        init(_ secrets: [String]) { self.secrets = secrets }

        var patterns: SecretPatterns {
            made.withLock { made in
                if let made { return made }
                let patterns = SecretPatterns(secrets: secrets)
                made = patterns
                return patterns
            }
        }
    }
}

extension Redactor: CustomStringConvertible, CustomReflectable {
    /// Says nothing about what is looked for.
    package var description: String { "Redactor" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
