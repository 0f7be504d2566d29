/// A store whose rows are read to copy them. Used by one thread, and held against dispatchers for as long as it lives.
package protocol StoredRows: AnyObject {
    /// The place for people, never with a password.
    var name: String { get }
    /// The store's own number: two names with the same number are one store.
    var identity: Int64 { get }
    /// The tables that a store of this kind has, in the order in which they are copied.
    var tables: [StoredTable] { get }

    /// Reads rows in the order of their keys.
    ///
    /// - Parameter limit: where the page ends; it has one row at least where there is one.
    func rows(of table: StoredTable, in range: KeyRange, limit: PageLimit) throws(StoreError) -> [CopiedRow]

    /// Lets go of it.
    func close()
}

/// The store that is copied. It is read as it was at one time, while others may go on emitting to it.
package protocol StoreCopySource: StoredRows {
    /// Takes the state to read from now on: the store as it is.
    func beginView() throws(StoreError)

    /// The highest ids that were ever given out.
    func marks() throws(StoreError) -> StoreMarks

    /// Does something while nobody can write, if nobody has since the view began.
    ///
    /// - Returns: false, and nothing was done, where somebody has.
    func whileUnchanged(_ body: () throws(StoreError) -> Void) throws(StoreError) -> Bool
}

/// The store that becomes the copy. Until it is finished nobody can open it for anything else.
package protocol StoreCopyTarget: StoredRows {
    /// Looks at what is there; changes nothing.
    func state() throws(StoreError) -> CopyTargetState

    /// Marks the store as an unfinished copy.
    ///
    /// - Parameter emptied: whether what an unfinished copy holds is deleted first.
    func begin(_ origin: CopyOrigin, emptied: Bool) throws(StoreError)

    /// A row as this store can hold it.
    func accepted(_ row: CopiedRow, of table: StoredTable) -> CopiedRow

    /// Puts rows in the place of those in a range, in one durable transaction.
    func replace(_ range: KeyRange, of table: StoredTable, with rows: [CopiedRow]) throws(StoreError)

    /// Ends the copy, in one durable transaction: from now on it is a store like any other.
    func finish(_ marks: StoreMarks) throws(StoreError)

    /// Does what makes the finished store quick at once, such as its indexes.
    func settle() throws(StoreError)
}

extension StoreCopyTarget {
    package func accepted(_ row: CopiedRow, of table: StoredTable) -> CopiedRow { row }
}

/// The store that a copy comes from.
package struct CopyOrigin: Sendable, Hashable {
    package var identity: Int64
    /// Its place for people.
    package var name: String

    package init(identity: Int64, name: String) {
        self.identity = identity
        self.name = name
    }
}

extension StoreError {
    /// The refusal of a store that is an unfinished copy.
    package static func unfinishedCopy(_ name: String, of origin: CopyOrigin) -> StoreError {
        StoreError(
            .unavailable,
            "\(name) is an unfinished copy of \(origin.name)",
            remedy: .completeCopy
        )
    }
}

/// The state of the place where a copy is to go.
package enum CopyTargetState: Sendable, Hashable {
    /// No store, or one that holds nothing.
    case empty
    /// A copy that was stopped.
    case unfinished(CopyOrigin)
    /// Something else; in words.
    case occupied(String)
}

/// The highest ids that a store has ever given out, so that none is given out again.
package struct StoreMarks: Sendable, Hashable {
    package var event: Int64
    package var delivery: Int64

    package init(event: Int64, delivery: Int64) {
        self.event = event
        self.delivery = delivery
    }
}
