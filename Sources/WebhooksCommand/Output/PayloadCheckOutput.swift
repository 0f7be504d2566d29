internal import WebhookCore
internal import Webhooks

/// Prints who would get an event, and with what kind of body.
enum PayloadCheckOutput {
    /// - Returns: whether every body can be made and fits the catalogue.
    static func write(_ checks: [PayloadCheck], topic: String, asJSON: Bool) -> Bool {
        for check in checks {
            if asJSON {
                let object: JSONOutput = [
                    "subscription": .text(check.subscription),
                    "profile": .text(check.profile),
                    "ok": .bool(check.isGood),
                    "problem": .string(check.problem),
                    "violations": .strings(check.violations),
                ]
                object.write()
            } else {
                Output.standard.writeLine(PlainText.escaped(line(check)))
            }
        }
        if checks.isEmpty { Notice.note("no_match", "no subscription would get \(topic)", asJSON: asJSON) }
        return checks.allSatisfy(\.isGood)
    }

    /// Says where a payload differs.
    static func text(_ violations: [String]) -> String {
        "the payload does not fit the catalogue: \(violations.joined(separator: "; "))"
    }

    private static func line(_ check: PayloadCheck) -> String {
        if let problem = check.problem { return "fails    \(check.subscription): \(problem)" }
        if check.violations.isEmpty { return "ok       \(check.subscription)" }
        return "differs  \(check.subscription): \(check.violations.joined(separator: "; "))"
    }
}
