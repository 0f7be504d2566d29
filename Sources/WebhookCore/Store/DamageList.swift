/// The rows of a store that are not as they were written, told all at once.
package struct DamageList: Sendable {
    /// The most that are named; one more ends the search.
    package static let most = 20
    private var found: [String] = []

    package init() {}

    /// Reads a row, and keeps what is wrong with it.
    ///
    /// - Throws: what is none of the row's, and everything once there is too much.
    package mutating func note(_ read: () throws -> Void) throws {
        do {
            try read()
        } catch let error as StoreError where error.code == .damaged {
            if found.count == Self.most { throw self.error(", and more") }
            found.append(error.message.replacing(Self.prefix, with: ""))
        }
    }

    /// Throws ``StoreError`` with `damaged` where a row was.
    package func check() throws(StoreError) {
        if !found.isEmpty { throw error("") }
    }

    private static let prefix = StoreError.damaged("").message

    private func error(_ rest: String) -> StoreError {
        var error = StoreError.damaged(found.joined(separator: "; ") + rest)
        error.remedy = .expungeDamage
        return error
    }
}
