internal import WebhookCore
internal import Webhooks

/// Reads a batch: one event a line, every line checked before anything is stored.
struct BatchReader {
    struct Problem {
        var line: Int
        var message: String

        var text: String { "line \(line): \(message)" }
    }

    private(set) var events: [(line: Int, event: Event, givesID: Bool)] = []
    private(set) var problems: [Problem] = []
    /// The indices in `events` of the ids that the lines give.
    private var seen: [String: Int] = [:]

    private static let keys: Set<String> = ["topic", "data", "id", "tenant", "occurredAt", "deliverAt", "test"]
    /// Beside the data a line has some keys and short texts.
    private static let maxLine = Event.maxDataSize + 65_536

    /// - Parameter path: a file, or `-` for stdin.
    init(path: String) throws(CommandFailure) {
        try InputReader.lines(path, limit: Self.maxLine) { number, line in
            switch line {
            case .tooLong: problems.append(Problem(line: number, message: WebhooksError.eventTooLarge.message))
            case .bytes(let bytes): read(bytes, number)
            }
        }
    }

    /// Adds a line's problem that only the store knows.
    mutating func refuse(_ line: Int, _ message: String) {
        problems.append(Problem(line: line, message: message))
        events.removeAll { $0.line == line }
    }

    private mutating func read(_ bytes: [UInt8], _ number: Int) {
        guard bytes.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) else { return }
        do throws(LineError) {
            let (event, givesID) = try Self.event(ByteString(bytes))
            if givesID, let index = seen[event.id] {
                let differences = event.differences(from: events[index].event)
                guard differences.isEmpty else {
                    let which = differences.joined(separator: ", ")
                    throw LineError(
                        "the id \(event.id) stands in line \(events[index].line) with other content (\(which))"
                    )
                }
            }
            if givesID { seen[event.id] = events.count }
            events.append((number, event, givesID))
        } catch {
            problems.append(Problem(line: number, message: error.message))
        }
    }

    private struct LineError: Error {
        var message: String

        init(_ message: String) {
            self.message = message
        }
    }

    private static func event(_ line: ByteString) throws(LineError) -> (Event, givesID: Bool) {
        let value: JSONValue
        do throws(JSONError) {
            // The event around the data is one level more.
            value = try JSON.parse(line, maxDepth: JSON.maxDepth + 1)
        } catch {
            throw LineError("column \(error.column): \(error.reason)")
        }
        guard let members = value.object else { throw LineError("not an object like {\"topic\":…,\"data\":…}") }
        var names: Set<String> = []
        for member in members {
            guard keys.contains(member.key) else {
                throw LineError(
                    "unknown key \"\(member.key)\"; known are topic, data, id, tenant, occurredAt, deliverAt, test"
                )
            }
            guard names.insert(member.key).inserted else { throw LineError("the key \"\(member.key)\" stands twice") }
        }
        guard let topic = try text("topic", value) else { throw LineError("the key \"topic\" is missing") }
        guard let data = value["data"] else { throw LineError("the key \"data\" is missing") }
        let id = try text("id", value)
        let tenant = try text("tenant", value)
        let (occurredAt, deliverAt) = (try time("occurredAt", value), try time("deliverAt", value))
        var isTest = false
        if let member = value["test"], !member.isNull {
            guard case .bool(let flag) = member.kind else { throw LineError("\"test\" must be true or false") }
            isTest = flag
        }
        do throws(WebhooksError) {
            let event = try Event(
                topic: topic,
                data: data.raw,
                id: id,
                tenant: tenant,
                occurredAt: occurredAt,
                deliverAt: deliverAt,
                isTest: isTest
            )
            try event.checkTopicIsFree()
            return (event, id != nil)
        } catch {
            throw LineError(error.message)
        }
    }

    private static func time(_ key: String, _ value: JSONValue) throws(LineError) -> Timestamp? {
        guard let text = try text(key, value) else { return nil }
        guard let time = Timestamp(rfc3339: text) else {
            throw LineError("\"\(key)\" must be a time as in RFC 3339, such as 2026-03-01T09:30:00Z")
        }
        return time
    }

    private static func text(_ key: String, _ value: JSONValue) throws(LineError) -> String? {
        guard let member = value[key], !member.isNull else { return nil }
        guard let text = member.string else { throw LineError("\"\(key)\" must be a text") }
        return text
    }
}

/// A batch's deliveries in numbers, and those that a person should see.
struct BatchSummary: Sendable {
    /// Those that are in the store, those included that were before.
    private(set) var events = 0
    private var duplicates = 0
    private var counts: [DeliveryState: Int] = [:]
    private var waiting = 0
    private var unmatched = 0
    private var undelivered: [Delivery] = []
    /// Deliveries without an attempt.
    private(set) var unattempted: [Delivery] = []
    /// The most rows that are shown; `deliveries list` has them all.
    private static let shown = 50

    mutating func add(_ receipt: EmitReceipt) {
        events += 1
        if receipt.isDuplicate { duplicates += 1 }
    }

    mutating func add(_ delivery: Delivery) {
        counts[delivery.state, default: 0] += 1
        if delivery.state == .pending { unattempted.append(delivery) }
        if delivery.state != .delivered, undelivered.count < Self.shown { undelivered.append(delivery) }
    }

    /// Counts what has no deliveries.
    mutating func add(_ matching: EmittedEvent.Matching) {
        if matching.waitsForDispatcher { waiting += 1 }
        if matching.isNobody { unmatched += 1 }
    }

    /// True when nobody subscribes to one of the events.
    var hasUnmatched: Bool { unmatched > 0 }

    var areDelivered: Bool { undelivered.isEmpty }

    /// A table of the first deliveries that aren't delivered; no lines where all are.
    func table(_ log: WebhookLog) async throws(WebhooksError) -> Table {
        DeliveryOutput.outcomeTable(
            undelivered,
            owners: try await log.owners(of: undelivered.map(\.subscription)),
            holds: try await log.holds(undelivered)
        )
    }

    /// `3 events stored, 5 deliveries: 4 delivered, 1 waiting`; `1 event stored, 2 duplicates of events stored before`.
    var text: String {
        let total = counts.values.reduce(0, +)
        var text = Counted.text(events - duplicates, "event") + " stored"
        if duplicates > 0 { text += ", \(Counted.text(duplicates, "duplicate")) of events stored before" }
        if waiting > 0 { text += ", \(waiting) waiting for a dispatcher" }
        if unmatched > 0 { text += ", \(unmatched) with no subscriber" }
        guard total > 0 else { return text }
        let parts = DeliveryState.allCases.compactMap { state in counts[state].map { "\($0) \(state.rawValue)" } }
        text += ", \(Counted.deliveries(total)): " + parts.joined(separator: ", ")
        return text
    }
}
