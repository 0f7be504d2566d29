/// A term of ours as a small number in a row. A number never changes its meaning; new ones go to the end.
package protocol StoredEnum: Sendable, Hashable {
    /// The terms by their numbers.
    static var codes: [Self] { get }
    /// The number. Each type's own: a row takes several, and elsewhere the list would be searched without knowing the type.
    var code: Int { get }
}

extension StoredEnum {
    /// The place in the list.
    @inline(__always)
    fileprivate var place: Int {
        // Every case is in the list, which a test makes sure of; -1 would be refused by the reading side.
        Self.codes.firstIndex(of: self) ?? -1
    }

    /// The term for a number.
    package init(code: Int) throws(StoreError) {
        guard Self.codes.indices.contains(code) else { throw StoreError.damaged("\(Self.self) has no number \(code)") }
        self = Self.codes[code]
    }

    /// The term for a number, where there is one.
    package init?(code: Int?) throws(StoreError) {
        guard let code else { return nil }
        try self.init(code: code)
    }
}

extension DeliveryState: StoredEnum {
    // The schemas and the statements of every store rely on these numbers.
    package static let codes: [DeliveryState] = [
        .pending, .waiting, .inFlight, .delivered, .failed, .unknown, .cancelled,
    ]
    package var code: Int { place }
}

extension DeliveryMode: StoredEnum {
    package static let codes: [DeliveryMode] = [.retry, .singleShot]
    package var code: Int { place }
}

extension ContentType: StoredEnum {
    package static let codes: [ContentType] = [.json, .xml, .form]
    package var code: Int { place }
}

extension Attempt.Outcome: StoredEnum {
    package static let codes: [Attempt.Outcome] = [.succeeded, .failed, .unknown]
    package var code: Int { place }
}

extension FailureKind: StoredEnum {
    package static let codes: [FailureKind] = [
        .dns, .connect, .tls, .blocked, .timeout, .disconnected, .protocolError, .responseTooLarge, .status,
        .interrupted, .template, .disabled, .internal,
    ]
    package var code: Int { place }
}

extension StoreError {
    /// Something is written in the database that this program would not write.
    package static func damaged(_ what: String) -> StoreError {
        StoreError(.damaged, "the data is damaged: \(what)")
    }
}
