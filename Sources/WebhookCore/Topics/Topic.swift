/// The grammar of topic names: `^[a-z0-9_]+(\.[a-z0-9_]+)*$`, at most 256 bytes.
public enum Topic {
    /// Whether a name is a topic.
    public static func isValid(_ name: String) -> Bool {
        guard (1...256).contains(name.utf8.count) else { return false }
        var segmentLength = 0
        for byte in name.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                segmentLength += 1
            case UInt8(ascii: "."):
                guard segmentLength > 0 else { return false }
                segmentLength = 0
            default:
                return false
            }
        }
        return segmentLength > 0
    }
}
