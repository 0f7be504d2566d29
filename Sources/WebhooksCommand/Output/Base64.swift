internal import Webhooks

/// Standard base64 (RFC 4648, section 4), so that printing a body needs no Foundation.
enum Base64 {
    static func encode(_ bytes: ByteString) -> String {
        let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        var output: [UInt8] = []
        output.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let count = min(3, bytes.count - start)
            var group: UInt32 = 0
            for offset in 0..<3 { group = group << 8 | UInt32(offset < count ? bytes[start + offset] : 0) }
            for digit in 0..<4 {
                let index = Int(group >> (18 - 6 * UInt32(digit)) & 63)
                output.append(digit <= count ? alphabet.utf8Start[index] : UInt8(ascii: "="))
            }
        }
        return String(decoding: output, as: UTF8.self)
    }
}
