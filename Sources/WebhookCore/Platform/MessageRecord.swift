/// This is a message of the HTTP API beside its event. It is stored with the event, in the same transaction.
package final class MessageRecord: Sendable, Hashable {
    /// The application's id.
    package let application: String
    /// The id or uid that the application is found by as the message is stored; `nil`: it is not looked for.
    package let reference: String?
    /// The platform's own id; unique within the application.
    package let eventID: String?
    package let channels: [String]?
    package let tags: [String]?
    /// The time at which its payload is to be erased.
    package let expiresAt: Timestamp?
    /// The answer to the request that made it.
    package let answer: StoredAnswer?

    package init(
        application: String,
        reference: String? = nil,
        eventID: String? = nil,
        channels: [String]? = nil,
        tags: [String]? = nil,
        expiresAt: Timestamp? = nil,
        answer: StoredAnswer? = nil
    ) {
        self.application = application
        self.reference = reference
        self.eventID = eventID
        self.channels = channels
        self.tags = tags
        self.expiresAt = expiresAt
        self.answer = answer
    }

    /// A message as it is read back with its event, for the fan-out: with its channels alone.
    package convenience init(storedChannels: [String]) { self.init(application: "", channels: storedChannels) }

    package static func == (left: MessageRecord, right: MessageRecord) -> Bool {
        left.application == right.application && left.reference == right.reference && left.eventID == right.eventID
            && left.channels == right.channels && left.tags == right.tags && left.expiresAt == right.expiresAt
            && left.answer == right.answer
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(application)
        hasher.combine(eventID)
    }

    /// The answer of a store where the application has a message with this ``eventID`` already (``AcceptanceResult/conflict``).
    package static let eventIDIsTaken = ["eventId"]
    /// The answer of a store where ``reference`` leads to another application, or to none.
    package static let applicationIsGone = ["application"]
    /// The answer of a store where the request was answered before.
    package static let isAnswered = ["idempotency-key"]
}

/// Channels and tags in one column of a store: none holds the line break that parts them.
package enum MessageTerms {
    package static func stored(_ terms: [String]) -> String { terms.joined(separator: "\n") }
    package static func read(_ text: String?) -> [String]? { text.map { $0.split(separator: "\n").map(String.init) } }
}

/// An answer that is given again when the same request comes again.
package struct StoredAnswer: Sendable, Hashable {
    /// The digest of token, key and path.
    package var key: ByteString
    /// The digest of the request's body.
    package var request: ByteString
    package var status: Int
    package var body: ByteString
    package var expiresAt: Timestamp

    package init(key: ByteString, request: ByteString, status: Int, body: ByteString, expiresAt: Timestamp) {
        self.key = key
        self.request = request
        self.status = status
        self.body = body
        self.expiresAt = expiresAt
    }
}

/// An event as a message of an application.
package struct LoggedMessage: Sendable, Hashable {
    /// The event's row: messages are in its order.
    package var row: Int64
    package var id: String
    package var eventID: String?
    package var topic: String
    package var channels: [String]?
    package var tags: [String]?
    package var createdAt: Timestamp
    package var deliverAt: Timestamp?
    /// `nil` where it was not asked for.
    package var data: ByteString?
    /// `true` once its payload was erased.
    package var isExpunged: Bool

    package init(
        row: Int64,
        id: String,
        eventID: String?,
        topic: String,
        channels: [String]?,
        tags: [String]?,
        createdAt: Timestamp,
        deliverAt: Timestamp?,
        data: ByteString?,
        isExpunged: Bool
    ) {
        self.row = row
        self.id = id
        self.eventID = eventID
        self.topic = topic
        self.channels = channels
        self.tags = tags
        self.createdAt = createdAt
        self.deliverAt = deliverAt
        self.data = data
        self.isExpunged = isExpunged
    }

    /// The same with no more than erasing leaves: id, topic and times.
    package var tombstone: LoggedMessage {
        var message = self
        (message.eventID, message.channels, message.tags, message.data) = (nil, nil, nil, nil)
        return message
    }
}

/// A filter for the messages of an application. Every condition that is set must hold.
package struct MessageQuery: Sendable, Hashable {
    package var application: Application
    /// Created before, and after.
    package var before: Timestamp?
    package var after: Timestamp?
    package var topics: [String]?
    package var channel: String?
    package var tag: String?
    /// Go on behind this row.
    package var from: Int64?
    package var isDescending = true
    package var limit = 50
    /// The most rows that one search looks at, whatever it finds; defaults to 10,000. Counting has no such bound.
    package var mostRows = 10_000
    package var needsData = true

    package init(_ application: Application) { self.application = application }
}

/// This is what a search for messages has found in one go.
package struct MessagePage: Sendable, Hashable {
    /// In the order of the walk, at most as many as were asked for.
    package var messages: [LoggedMessage]
    /// The row behind which the search goes on; `nil`: it has come to the end. Where few rows meet the conditions, a page may
    /// have fewer messages than were asked for, or none, and go on all the same.
    package var next: Int64?

    package init(_ messages: [LoggedMessage], next: Int64?) { (self.messages, self.next) = (messages, next) }
}

extension MessageQuery {
    /// The rows that are looked at in one go, where conditions may leave some out.
    private static let part = 200

    /// Searches part by part, until there are enough, the end, or as many rows as may be looked at.
    ///
    /// - Parameters:
    ///   - rows: reads at most some rows behind one, in the order of the walk.
    ///   - messages: reads those of some rows that meet the conditions, in ascending order.
    package func page(
        rows: (_ behind: Int64?, _ limit: Int) throws -> [Int64],
        messages: ([Int64]) throws -> [LoggedMessage]
    ) throws -> MessagePage {
        var found: [LoggedMessage] = []
        var (last, left) = (from, mostRows)
        while found.count < limit, left > 0 {
            let most = min(left, max(Self.part, limit))
            let part = try rows(last, most)
            let some = try messages(part)
            found += isDescending ? some.reversed() : some
            last = part.last ?? last
            left -= part.count
            if part.count < most, found.count <= limit { return MessagePage(found, next: nil) }
        }
        if found.count <= limit { return MessagePage(found, next: last) }
        let page = Array(found.prefix(limit))
        return MessagePage(page, next: page.last?.row)
    }
}

/// Messages, counted.
package struct MessageUsage: Sendable, Hashable {
    package var messages: Int
    /// The endpoints that they were for, each counted for each message.
    package var destinations: Int

    package init(messages: Int, destinations: Int) { (self.messages, self.destinations) = (messages, destinations) }
}
