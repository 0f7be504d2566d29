internal import WebhookCore

/// Messages as the API shows them.
enum MessageForm {
    /// - Parameter withContent: whether the payload is shown; otherwise an empty object stands for it.
    static func members(_ message: LoggedMessage, withContent: Bool) -> [(String, APIValue)] {
        let payload: APIValue
        if message.isExpunged {
            payload = ["expired": .bool(true)]
        } else if withContent, let data = message.data {
            // Events from elsewhere may carry anything; clients take nothing but an object.
            payload = isObject(data) ? .raw(data) : ["data": .raw(data)]
        } else {
            payload = [:]
        }
        return [
            ("id", .string(message.id)), ("eventId", .text(message.eventID)), ("eventType", .string(message.topic)),
            ("payload", payload), ("channels", .list(message.channels)), ("tags", .list(message.tags)),
            ("timestamp", .time(message.createdAt)), ("deliverAt", .time(message.deliverAt)),
        ]
    }

    static func value(_ message: LoggedMessage, withContent: Bool) -> APIValue {
        .object(members(message, withContent: withContent))
    }

    private static func isObject(_ data: ByteString) -> Bool {
        data.withUnsafeBytes { bytes in bytes.first { $0 > 0x20 } == UInt8(ascii: "{") }
    }
}

/// Keys of lists of messages: the id of one that the API has made, or a row.
enum MessageKey {
    static func isKey(_ text: String) -> Bool { row(text) != nil || isMessageID(text) }

    /// The row of `row_42`.
    static func row(_ text: String) -> Int64? {
        text.hasPrefix("row_") ? Int64(text.dropFirst(4)).flatMap { $0 > 0 ? $0 : nil } : nil
    }

    private static func isMessageID(_ text: String) -> Bool {
        text.hasPrefix("msg_") && IDNumber(text.dropFirst(4)) != nil
    }

    static func key(_ message: LoggedMessage) -> String {
        isMessageID(message.id) ? message.id : key(row: message.row)
    }

    static func key(row: Int64) -> String { "row_\(row)" }
}

/// The terms for how a delivery stands.
enum MessageStatus: Int, Sendable, CaseIterable {
    case success, pending, fail, sending, canceled

    var text: String {
        switch self {
        case .success: "success"
        case .pending: "pending"
        case .fail: "fail"
        case .sending: "sending"
        case .canceled: "canceled"
        }
    }

    init(_ state: DeliveryState) {
        switch state {
        case .pending: self = .pending
        case .inFlight, .waiting: self = .sending
        case .delivered: self = .success
        case .failed, .unknown: self = .fail
        case .cancelled: self = .canceled
        }
    }

    /// Sums up several deliveries of one message to one endpoint, newest first: a success counts, else the newest.
    init(_ deliveries: [Delivery]) {
        let states = deliveries.map { MessageStatus($0.state) }
        self = states.contains(.success) ? .success : states.first ?? .pending
    }

    /// As clients know it that have no word for what was cancelled: no success.
    func shown(expanded: Bool) -> MessageStatus { self == .canceled && !expanded ? .fail : self }

    func members(expanded: Bool) -> [(String, APIValue)] {
        let shown = shown(expanded: expanded)
        return [("status", .integer(shown.rawValue)), ("statusText", .string(shown.text))]
    }
}
