/// Frames of HTTP/2 (RFC 9113 section 4.1), by hand.
enum HTTP2Frame {
    static func bytes(_ type: UInt8, flags: UInt8 = 0, stream: UInt8 = 0, _ payload: [UInt8] = []) -> [UInt8] {
        [0, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF), type, flags, 0, 0, 0, stream] + payload
    }

    static let settings = bytes(4)
    /// The connection ends; the first stream is still answered.
    static let goAway = bytes(7, [0, 0, 0, 1, 0, 0, 0, 0])
    static let pingAnswer = bytes(6, flags: 1, [0, 0, 0, 0, 0, 0, 0, 0])
    static let windowUpdate = bytes(8, [0, 0, 0, 1])
    static let priority = bytes(2, stream: 3, [0, 0, 0, 0, 16])
    static let unknown = bytes(0x42, [1, 2, 3])
    /// Data without any.
    static let empty = bytes(0, stream: 1)
    /// ":status: 200", from the table of HPACK.
    static let headers = bytes(1, flags: 4, stream: 1, [0x88])
}
