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
