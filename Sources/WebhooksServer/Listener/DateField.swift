internal import Synchronization
internal import WebhookCore

/// The field `Date` of answers (RFC 9110, 6.6.1), made once a second.
final class DateField: Sendable {
    private let state = Mutex((second: Int64.min, text: ""))

    func value(at instant: Timestamp) -> String {
        let second = instant.milliseconds / 1000
        return state.withLock { state in
            if state.second != second { state = (second, instant.mailText(zone: "GMT")) }
            return state.text
        }
    }
}
