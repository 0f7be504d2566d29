/// The ways in which a receiver may write down a secret it was sent. The ``Redactor`` reads escapes by itself; what is
/// spelled out here it finds escaped once more, and in base64.
enum SecretEncodings {
    /// The text's own bytes, its usual escapes for JSON, HTML and URLs where it has any, the base64 of all these, and the
    /// base64 of the text's own base64, and its hex.
    static func all(of secret: String) -> Set<[UInt8]> {
        let texts = texts(of: secret)
        var encodings = texts
        // At least four characters are left of any.
        for text in texts { encodings.formUnion(base64Cores(text)) }
        for once in base64Cores(Array(secret.utf8)) {
            // What little is left of a short secret, in the middle of the run, stands in other texts as well.
            encodings.formUnion(base64Cores(once).filter { $0.count >= 8 })
        }
        for letters in PercentEncoding.Letters.allCases {
            encodings.insert(
                secret.utf8.flatMap { byte in
                    [PercentEncoding.digit(byte >> 4, letters), PercentEncoding.digit(byte & 15, letters)]
                }
            )
        }
        return encodings
    }

    /// The parts that are always there of a text's base64 and base64url: inside a longer run it starts at one of three
    /// offsets.
    private static func base64Cores(_ text: [UInt8]) -> Set<[UInt8]> {
        var cores: Set<[UInt8]> = []
        for offset in 0..<3 {
            let core = base64Core(text, offset: offset)
            cores.insert(core)
            cores.insert(
                core.map {
                    $0 == UInt8(ascii: "+") ? UInt8(ascii: "-") : $0 == UInt8(ascii: "/") ? UInt8(ascii: "_") : $0
                }
            )
        }
        return cores
    }

    private static func texts(of secret: String) -> Set<[UInt8]> {
        let bytes = Array(secret.utf8)
        var texts: Set<[UInt8]> = [bytes]
        var escaped: [UInt8] = []
        JSON.appendEscaped(secret, to: &escaped)
        texts.insert(escaped)
        texts.insert(escaped.flatMap { $0 == UInt8(ascii: "/") ? [UInt8(ascii: "\\"), $0] : [$0] })
        for letters in PercentEncoding.Letters.allCases {
            texts.insert(percentEncoded(bytes, letters))
            texts.insert(percentEncoded(bytes, letters, spaceAsPlus: true))
            texts.insert(percentEncoded(bytes, letters, keeping: "/"))
            texts.insert(percentEncoded(bytes, letters, keeping: "/!#$&'()*+,:;=?@"))
            // Some writers leave ASCII in JSON, and of that nothing that means something to HTML.
            texts.insert(unicodeEscaped(escaped, letters) { $0 >= 0x80 })
            texts.insert(unicodeEscaped(escaped, letters) { $0 >= 0x80 || "<>&'".utf16.contains($0) })
            texts.insert(unicodeEscaped(escaped, letters) { "<>&".utf16.contains($0) })
        }
        for (quote, apostrophe) in [("&quot;", "&#39;"), ("&quot;", "&#x27;"), ("&#34;", "&#39;"), ("\"", "'")] {
            texts.insert(htmlEscaped(bytes, quote, apostrophe))
        }
        return texts
    }

    /// Well-formed text with `\uXXXX` for some of its code units.
    private static func unicodeEscaped(
        _ text: [UInt8],
        _ letters: PercentEncoding.Letters,
        _ needsEscape: (UInt16) -> Bool
    ) -> [UInt8] {
        String(decoding: text, as: UTF8.self).unicodeScalars.flatMap { scalar -> [UInt8] in
            guard scalar.utf16.contains(where: needsEscape) else { return Array(scalar.utf8) }
            return scalar.utf16.flatMap { unit in
                [UInt8(ascii: "\\"), UInt8(ascii: "u")]
                    + [12, 8, 4, 0].map { (shift: UInt16) in PercentEncoding.digit(UInt8(unit >> shift & 15), letters) }
            }
        }
    }

    private static func htmlEscaped(_ bytes: [UInt8], _ quote: String, _ apostrophe: String) -> [UInt8] {
        bytes.flatMap { byte -> [UInt8] in
            switch byte {
            case UInt8(ascii: "&"): Array("&amp;".utf8)
            case UInt8(ascii: "<"): Array("&lt;".utf8)
            case UInt8(ascii: ">"): Array("&gt;".utf8)
            case UInt8(ascii: "\""): Array(quote.utf8)
            case UInt8(ascii: "'"): Array(apostrophe.utf8)
            default: [byte]
            }
        }
    }

    private static let base64Alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// All but RFC 3986's unreserved characters, and some more, as `%XX`.
    private static func percentEncoded(
        _ bytes: [UInt8],
        _ letters: PercentEncoding.Letters,
        keeping kept: String = "",
        spaceAsPlus: Bool = false
    ) -> [UInt8] {
        var output: [UInt8] = []
        for byte in bytes {
            switch byte {
            case _ where kept.utf8.contains(byte):
                output.append(byte)
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                output.append(byte)
            case UInt8(ascii: " ") where spaceAsPlus:
                output.append(UInt8(ascii: "+"))
            default:
                PercentEncoding.append(byte, to: &output, letters: letters)
            }
        }
        return output
    }

    /// The base64 of `bytes` as it looks `offset` bytes into a longer run, without the characters that mix with
    /// neighbours.
    private static func base64Core(_ bytes: [UInt8], offset: Int) -> [UInt8] {
        let padded = [UInt8](repeating: 0, count: offset) + bytes
        let first = (offset * 8 + 5) / 6
        return (first..<max(first, padded.count * 8 / 6)).map { index in
            let bit = index * 6
            let next = bit / 8 + 1 < padded.count ? UInt16(padded[bit / 8 + 1]) : 0
            let pair = UInt16(padded[bit / 8]) << 8 | next
            return base64Alphabet[Int(pair >> UInt16(10 - bit % 8) & 63)]
        }
    }
}
