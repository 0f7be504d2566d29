internal import Foundation
internal import GRDB
internal import WebhookCore

extension PreparedStatement: StoredRow {}

/// A row that GRDB has fetched, of a statement that was put together.
struct FetchedRow: StoredRow {
    let row: Row

    func isNull(_ column: Int32) -> Bool { row.hasNull(atIndex: Int(column)) }
    func bool(_ column: Int32) -> Bool { int64(column) != 0 }
    func int(_ column: Int32) -> Int { Int(int64(column)) }
    func optionalInt(_ column: Int32) -> Int? { row[Int(column)] }
    func int64(_ column: Int32) -> Int64 { optionalInt64(column) ?? 0 }
    func optionalInt64(_ column: Int32) -> Int64? { row[Int(column)] }
    func timestamp(_ column: Int32) -> Timestamp { Timestamp(milliseconds: int64(column)) }
    func optionalTimestamp(_ column: Int32) -> Timestamp? {
        optionalInt64(column).map { Timestamp(milliseconds: $0) }
    }
    func optionalDuration(_ column: Int32) -> Duration? { optionalInt64(column).map { .microseconds($0) } }
    func text(_ column: Int32) -> String { optionalText(column) ?? "" }
    func optionalText(_ column: Int32) -> String? { row[Int(column)] }
    func bytes(_ column: Int32) -> ByteString {
        (row[Int(column)] as Data?).map { ByteString(Array($0)) } ?? .empty
    }
}
