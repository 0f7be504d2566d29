internal import Synchronization

/// A number of 160 bits, as ids hold it: text of 27 base62 digits, in the order of the numbers.
package struct IDNumber: Sendable, Hashable, Comparable {
    /// The highest first.
    package var limbs: [UInt32]

    package static let digits = 27
    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    package init(_ limbs: [UInt32]) {
        precondition(limbs.count == 5)
        self.limbs = limbs
    }

    /// Reads 27 digits.
    package init?(_ text: some StringProtocol) {
        guard text.utf8.count == Self.digits else { return nil }
        var limbs = [UInt32](repeating: 0, count: 5)
        for byte in text.utf8 {
            guard let digit = Self.alphabet.firstIndex(of: byte) else { return nil }
            var carry = UInt64(digit)
            for index in stride(from: 4, through: 0, by: -1) {
                let value = UInt64(limbs[index]) * 62 + carry
                limbs[index] = UInt32(truncatingIfNeeded: value)
                carry = value >> 32
            }
            guard carry == 0 else { return nil }
        }
        self.limbs = limbs
    }

    package var text: String {
        var rest = limbs
        var bytes = [UInt8](repeating: 0, count: Self.digits)
        for position in stride(from: Self.digits - 1, through: 0, by: -1) {
            var remainder: UInt64 = 0
            for index in 0..<5 {
                let value = remainder << 32 | UInt64(rest[index])
                rest[index] = UInt32(value / 62)
                remainder = value % 62
            }
            bytes[position] = Self.alphabet[Int(remainder)]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    package static func < (left: IDNumber, right: IDNumber) -> Bool {
        left.limbs.lexicographicallyPrecedes(right.limbs)
    }

    /// The next number; the highest has none and stays.
    package var successor: IDNumber {
        var limbs = limbs
        for index in stride(from: 4, through: 0, by: -1) {
            limbs[index] &+= 1
            if limbs[index] != 0 { return IDNumber(limbs) }
        }
        return self
    }
}

/// Generated ids: the millisecond in front, the rest at random; strictly increasing within a process, so that pages by id
/// are stable.
package final class PlatformIDs: Sendable {
    private let last = Mutex<IDNumber?>(nil)

    package init() {}

    /// Tells whether a text can be an id with a prefix: of something that is there, was, or will be.
    package static func isID(_ text: String, _ prefix: String) -> Bool {
        text.hasPrefix(prefix) && IDNumber(text.dropFirst(prefix.count)) != nil
    }

    /// An id with a prefix such as `msg_`.
    package func next(_ prefix: String, at time: Timestamp) -> String {
        // Not passed on as a generator: of one without content the thread sanitizer would look at an address that is none.
        prefix + next(at: time, high: .random(in: .min ... .max), low: .random(in: .min ... .max)).text
    }

    /// - Parameters:
    ///   - high: random bits.
    ///   - low: more of them.
    private func next(at time: Timestamp, high: UInt64, low: UInt64) -> IDNumber {
        let milliseconds = UInt64(max(0, time.milliseconds)) & 0xFFFF_FFFF_FFFF
        let fresh = IDNumber([
            UInt32(truncatingIfNeeded: milliseconds >> 16),
            UInt32(truncatingIfNeeded: milliseconds << 16) | UInt32(high & 0xFFFF),
            UInt32(truncatingIfNeeded: high >> 32), UInt32(truncatingIfNeeded: low >> 32),
            UInt32(truncatingIfNeeded: low),
        ])
        return last.withLock { last in
            let number = last.map { max($0.successor, fresh) } ?? fresh
            last = number
            return number
        }
    }
}

/// The id of an attempt, which no column holds: its start, its delivery and its number.
package struct AttemptID: Sendable, Hashable {
    package static let prefix = "atmpt_"

    package var startedAt: Timestamp
    package var delivery: Delivery.ID
    package var number: Int

    package init(startedAt: Timestamp, delivery: Delivery.ID, number: Int) {
        (self.startedAt, self.delivery, self.number) = (startedAt, delivery, number)
    }

    package init?(_ text: String) {
        guard text.hasPrefix(Self.prefix), let number = IDNumber(text.dropFirst(Self.prefix.count)) else { return nil }
        let limbs = number.limbs.map(UInt64.init)
        startedAt = Timestamp(milliseconds: Int64(limbs[0] << 16 | limbs[1] >> 16))
        // 16 bits, 32 and 15: the 63 bits of the delivery.
        let row = (limbs[1] & 0xFFFF) << 47 | limbs[2] << 15 | limbs[3] >> 17
        guard row > 0, row <= UInt64(Int64.max) else { return nil }
        delivery = Delivery.ID(rawValue: Int64(row))
        self.number = Int(limbs[3] >> 1 & 0xFFFF)
        guard self.number > 0, limbs[3] & 1 == 0, limbs[4] == 0 else { return nil }
    }

    package var text: String {
        let milliseconds = UInt64(max(0, startedAt.milliseconds)) & 0xFFFF_FFFF_FFFF
        let row = UInt64(max(0, delivery.rawValue))
        let limbs = [
            milliseconds >> 16, (milliseconds & 0xFFFF) << 16 | row >> 47, row >> 15 & 0xFFFF_FFFF,
            (row & 0x7FFF) << 17 | UInt64(number & 0xFFFF) << 1, 0,
        ]
        return Self.prefix + IDNumber(limbs.map { UInt32(truncatingIfNeeded: $0) }).text
    }
}
