/// A checksum over what a row holds, so that bytes that were flipped on the disk are never sent or shown as if they were
/// ours: a database checks the form of its pages, if that, and not what stands in their cells.
///
/// Not against an attacker. Every step is a bijection of the state, and of the word: a change within one word never
/// goes unnoticed. Eight bytes a step cost next to nothing beside writing them.
package struct Checksum {
    private var state: UInt64 = 0x9E37_79B9_7F4A_7C15

    package init() {}

    /// As it stands in a row.
    package var value: Int64 { Int64(bitPattern: state) }

    package mutating func add(_ bytes: ByteString) {
        bytes.withUnsafeBytes { add($0) }
    }

    package mutating func add(_ text: String?) {
        guard var text else { return step(.max) }
        text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
    }

    package mutating func add(_ number: Int64) { step(UInt64(bitPattern: number)) }

    private mutating func add(_ bytes: UnsafeRawBufferPointer) {
        var offset = 0
        while offset + 8 <= bytes.count {
            step(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
            offset += 8
        }
        var rest: UInt64 = 0
        for byte in bytes[offset...] { rest = rest << 8 | UInt64(byte) }
        step(rest)
        step(UInt64(bytes.count))
    }

    private mutating func step(_ word: UInt64) {
        state = (state ^ word) &* 0x9FB2_1C65_1E98_DF25
        state ^= state >> 32
    }
}

extension Checksum {
    /// Sums up a body.
    package init(body: ByteString) {
        add(body)
    }

    /// Sums up what identifies an event and what it carries.
    package init(_ event: Event) {
        add(event.id)
        add(event.topic)
        add(event.tenant)
        add(event.data)
    }

    /// Sums up an attempt's headers, as stored, and its answer.
    package init(headers: ByteString, responseBody: ByteString) {
        add(headers)
        add(responseBody)
    }

    /// Compares with what stands in the row.
    /// - Parameter what: names the row.
    package func verify(_ stored: Int64, _ what: @autoclosure () -> String) throws(StoreError) {
        if stored != value { throw StoreError.damaged("\(what()) is not as it was written") }
    }
}
