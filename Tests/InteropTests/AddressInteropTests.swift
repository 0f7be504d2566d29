import Testing
import WebhookCore

/// No address is public to us that is special to Python, whose tables come from the same registries by another way.
@Suite struct AddressInteropTests {
    @Test func nothingSpecialPassesForPublic() async throws {
        let addresses = edges() + samples()
        let verdicts = try await PythonVerifier.run("addresses.py", addresses.map(\.description))
        var publicCount = 0
        for (address, verdict) in zip(addresses, verdicts) where address.isPublic {
            #expect(verdict == "public", "\(address)")
            publicCount += 1
        }
        #expect(publicCount > 1_000)
    }

    /// First and last of every network, and their neighbours outside.
    private func edges() -> [IPAddress] {
        SpecialPurposeNetworks.rows.flatMap { row -> [IPAddress] in
            let length = row.network.prefixLength
            switch row.network.address {
            case .v4(let first):
                let last = first | ~(UInt32.max << UInt32(32 - length))
                return [.v4(first), .v4(last), .v4(first &- 1), .v4(last &+ 1)]
            case .v6(let high, let low):
                let lastHigh = length >= 64 ? high : high | UInt64.max >> UInt64(length)
                let lastLow = length >= 64 ? low | (length == 128 ? 0 : UInt64.max >> UInt64(length - 64)) : .max
                return [
                    .v6(high, low), .v6(lastHigh, lastLow),
                    .v6(low == 0 ? high &- 1 : high, low &- 1),
                    .v6(lastLow == .max ? lastHigh &+ 1 : lastHigh, lastLow &+ 1),
                ]
            }
        }
    }

    /// Every /16 of IPv4, and every /16 and /32 of IPv6 with something in it.
    private func samples() -> [IPAddress] {
        let narrow = (UInt32(0)..<65_536).map { IPAddress.v4($0 << 16 | 0x0101) }
        let wide = stride(from: UInt64(0), to: 65_536, by: 16).map { IPAddress.v6($0 << 48 | 0x0100_0000, 1) }
        let assigned = (UInt64(0)..<4_096).map { IPAddress.v6(0x2001 << 48 | $0 << 32 | 0x0100_0000, 1) }
        return narrow + wide + assigned
    }
}
