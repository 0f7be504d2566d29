import Testing
import WebhookCore

@testable import Webhooks

/// Findings of the doctor on clocks and certificates.
@Suite struct DoctorFindingTests {
    private static let now = Timestamp(milliseconds: 1_800_000_000_000)

    private func clock(_ now: Timestamp = now, newest: Timestamp? = nil, isSynchronized: Bool? = nil) -> [DoctorFinding]
    {
        ClockFindings.findings(now: now, newest: newest, isSynchronized: isSynchronized)
    }

    @Test func `a clock that is wrong is found, with what to do`() {
        #expect(clock().map(\.code) == ["plausible"])
        #expect(clock(newest: Self.now + .seconds(60), isSynchronized: true).map(\.code) == ["plausible"])
        let behind = clock(Timestamp(milliseconds: 1_000), newest: Self.now, isSynchronized: false)
        #expect(behind.map(\.code) == ["behind", "store_ahead", "unsynchronised"])
        #expect(behind.map(\.severity) == [.error, .error, .warning])
        #expect(behind.allSatisfy { $0.hint != nil })
        // A row of a time to come: by this clock, or by one that was ahead.
        #expect(clock(newest: Self.now + .seconds(61)).map(\.code) == ["store_ahead"])
    }

    @Test func `a certificate is judged by its whole time`() {
        func code(from: Int64, until: Int64) -> String {
            CertificateFindings.finding(
                "client.pem",
                from: Self.now + .seconds(from),
                until: Self.now + .seconds(until),
                at: Self.now
            )
            .code
        }
        let day: Int64 = 86_400
        #expect(code(from: -day, until: 31 * day) == "valid" && code(from: 0, until: 30 * day) == "valid")
        #expect(code(from: -day, until: 30 * day - 1) == "expires_soon")
        #expect(code(from: -day, until: 0) == "expired" && code(from: 1, until: day) == "not_yet_valid")
    }

    #if PostgreSQL
        @Test(arguments: [
            ("prefer", true, false, true), ("prefer", false, false, true), ("disable", false, false, true),
            ("allow", false, false, true), ("require", true, false, false), ("verify-full", true, false, false),
            ("prefer", false, true, false), ("disable", false, true, false),
        ])
        func `a connection that may be in the clear is worth a warning, where it leaves this machine`(
            mode: String,
            isEncrypted: Bool,
            isLocal: Bool,
            isFound: Bool
        ) {
            let found = ServerFindings.encryption("db", sslMode: mode, isEncrypted: isEncrypted, isLocal: isLocal)
            #expect(found.map(\.code) == (isFound ? ["unencrypted"] : []))
            #expect(found.allSatisfy { $0.severity == .warning && $0.message.contains("sslmode=\(mode)") })
        }
    #endif
}
