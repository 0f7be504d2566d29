internal import WebhookCore

/// One thing that was looked at, with what to do where it is not as it should be.
package struct DoctorFinding: Sendable, Hashable {
    package enum Area: String, Sendable, Hashable, CaseIterable {
        case configuration, store, names, certificates, clock
    }

    package enum Severity: String, Sendable, Hashable {
        case ok, warning, error
    }

    package var area: Area
    /// Stable, for programs.
    package var code: String
    package var severity: Severity
    package var message: String
    package var hint: String?

    package init(_ area: Area, _ code: String, _ severity: Severity, _ message: String, hint: String? = nil) {
        self.area = area
        self.code = code
        self.severity = severity
        self.message = message
        self.hint = hint
    }
}

/// Findings about certificates. Decisions alone: nothing is looked up.
enum CertificateFindings {
    /// A certificate that ends sooner is worth a word.
    static let notice: Duration = .seconds(30 * 86_400)

    /// - Parameters:
    ///   - what: whose certificates they are, for the message.
    ///   - from: when the last of them begins to be valid.
    ///   - until: when the first of them ends.
    static func finding(_ what: String, from: Timestamp, until: Timestamp, at now: Timestamp) -> DoctorFinding {
        if until <= now {
            let hint = "put a new one in its place; `run` reloads it"
            return DoctorFinding(.certificates, "expired", .error, "\(what) expired at \(until)", hint: hint)
        }
        if from > now {
            let hint = "is this machine's clock right?"
            return DoctorFinding(
                .certificates,
                "not_yet_valid",
                .error,
                "\(what) is valid from \(from) only",
                hint: hint
            )
        }
        if until < now + notice {
            let hint = "renew it; `run` reloads it"
            return DoctorFinding(.certificates, "expires_soon", .warning, "\(what) expires at \(until)", hint: hint)
        }
        return DoctorFinding(.certificates, "valid", .ok, "\(what) is valid until \(until)")
    }
}

/// Findings about the machine's clock. Decisions alone.
enum ClockFindings {
    /// A row that is younger than now by more than this was written by a clock that was ahead, or this one is behind.
    static let tolerance: Duration = .seconds(60)
    /// No clock that is right shows an earlier time.
    static let earliest = Timestamp(milliseconds: 1_750_000_000_000)

    /// - Parameters:
    ///   - newest: the newest time in the store; `nil`: none.
    ///   - isSynchronized: what the system says of its clock; `nil`: nothing.
    static func findings(now: Timestamp, newest: Timestamp?, isSynchronized: Bool?) -> [DoctorFinding] {
        var findings: [DoctorFinding] = []
        if now < earliest {
            let hint = "set the clock: signatures carry the time, and receivers refuse old ones"
            findings.append(DoctorFinding(.clock, "behind", .error, "the clock shows \(now)", hint: hint))
        }
        if let newest, newest > now + tolerance {
            let message = "the store has rows of \(newest), and the clock shows \(now)"
            let hint = "one of the two was wrong: set the clock, and keep it by NTP"
            findings.append(DoctorFinding(.clock, "store_ahead", .error, message, hint: hint))
        }
        if isSynchronized == false {
            let hint = "keep it by NTP (`timedatectl set-ntp true`): receivers refuse signatures that are minutes off"
            let message = "the system says that its clock is not synchronised"
            findings.append(DoctorFinding(.clock, "unsynchronised", .warning, message, hint: hint))
        }
        return findings.isEmpty ? [DoctorFinding(.clock, "plausible", .ok, "the clock shows \(now)")] : findings
    }
}
