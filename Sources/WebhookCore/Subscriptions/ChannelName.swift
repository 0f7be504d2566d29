/// The names of channels, of messages and of those who want them.
package enum ChannelName {
    /// Says what is wrong with a name; `nil`: nothing.
    package static func problem(_ text: String) -> String? {
        (1...128).contains(text.utf8.count) && text.utf8.allSatisfy(isFit)
            ? nil : "is no channel: 1 to 128 letters, digits, '-', '_', '.', ':', '+'"
    }

    private static func isFit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-_.:+".utf8.contains(byte)
        }
    }
}
