/// The marks that erasing an event leaves in its place.
package enum Tombstone {
    /// The data of an event whose own were erased: a value that says so, wherever it is shown.
    package static func data(at instant: Timestamp) -> ByteString { ByteString("{\"expunged\":\"\(instant)\"}") }

    /// Tells whether that is what data are.
    package static func stands(in data: ByteString) -> Bool {
        let (start, end) = ("{\"expunged\":\"", "\"}")
        guard data.count < 64, data.text.hasPrefix(start), data.text.hasSuffix(end) else { return false }
        let time = String(data.text.dropFirst(start.count).dropLast(end.count))
        return Timestamp(rfc3339: time) != nil
    }

    /// Stands for the members in which an event differs from one that was erased: nobody knows them any more.
    static let difference = ["expunged"]

    /// The detail of a delivery whose body and answers were erased: it is never sent again.
    package static let detail = "expunged: data, body and answers are erased"

    /// The detail of an attempt whose answer was erased.
    package static let answer = "expunged: the answer is erased"
}

/// The result of erasing events.
package struct ExpungeResult: Sendable, Hashable {
    /// Ids of the events that were erased.
    package var events: [String] = []
    /// The number of their deliveries and attempts.
    package var deliveries = 0
    package var attempts = 0
    /// Ids of events that wait, or that have deliveries that have not settled: left as they are.
    package var open: [String] = []
    /// Ids that name no event.
    package var unknown: [String] = []

    package init() {}
}

extension Delivery {
    /// True when what it carried was erased.
    package var isExpunged: Bool { detail == Tombstone.detail }
}

/// An obstacle to emptying a write-ahead log of what was erased.
package enum EmptyingObstacle: Sendable, Hashable {
    /// A program reads, in a transaction that needs what is in the log.
    case reader
    /// Programs write without leaving a gap.
    case writer
    /// The store doesn't take the commit that has to go before, by the error's code, such as `full`.
    case store(String)

    package init(_ error: StoreError) { self = .store(error.code.rawValue) }

    /// - Returns: `nil` for no word.
    package init?(word: String) {
        switch word {
        case "": return nil
        case "reader": self = .reader
        case "writer": self = .writer
        default: self = .store(word)
        }
    }

    /// The obstacle in a word, for other processes.
    package var word: String {
        switch self {
        case .reader: "reader"
        case .writer: "writer"
        case .store(let code): code
        }
    }
}

extension Attempt {
    /// Tells whether its answer was erased.
    package var isExpunged: Bool { detail == Tombstone.answer }
}
