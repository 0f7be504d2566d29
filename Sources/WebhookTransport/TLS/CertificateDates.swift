internal import CWebhooksTLS
package import WebhookCore

/// The time for which all certificates of a file are valid.
package struct CertificateDates: Sendable, Hashable {
    /// The latest beginning.
    package var from: Timestamp
    /// The earliest end.
    package var until: Timestamp

    /// - Parameter pem: certificates in PEM.
    /// - Returns: `nil` where none can be read.
    package init?(pem: ByteString) {
        var (from, until): (Int64, Int64) = (0, 0)
        let count = pem.withUnsafeBytes { webhooks_tls_validity($0.baseAddress, $0.count, &from, &until) }
        guard count > 0 else { return nil }
        self.from = Self.timestamp(from)
        self.until = Self.timestamp(until)
    }

    /// Within what a timestamp can hold: a certificate may name the year 9999.
    private static func timestamp(_ seconds: Int64) -> Timestamp {
        Timestamp(milliseconds: min(max(seconds, 0), 253_402_300_799) * 1000)
    }
}

/// The kernel's word on the clock that judges certificates.
package enum MachineClock {
    /// `nil`: it doesn't say.
    package static var isSynchronized: Bool? {
        let answer = webhooks_clock_is_synchronized()
        return answer < 0 ? nil : answer > 0
    }
}
