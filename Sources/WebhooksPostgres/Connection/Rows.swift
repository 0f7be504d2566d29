#if PostgreSQL
    internal import CWebhooksPostgres
    internal import WebhookCore

    /// The rows that a statement has returned, in binary form. Freed with the last reference.
    final class Rows: RandomAccessCollection {
        private let result: OpaquePointer

        /// Takes a result over.
        init(_ result: OpaquePointer) { self.result = result }

        deinit { PQclear(result) }

        var startIndex: Int { 0 }
        var endIndex: Int { Int(PQntuples(result)) }

        /// The name of the command, and where it changes rows how many.
        var tag: String { String(cString: PQcmdStatus(result)) }

        /// The number of rows that a statement has changed.
        var changedCount: Int { Int(String(cString: PQcmdTuples(result))) ?? 0 }

        subscript(position: Int) -> Row { Row(rows: self, index: Int32(position)) }

        fileprivate func bytes(_ row: Int32, _ column: Int32) -> UnsafeRawBufferPointer? {
            guard PQgetisnull(result, row, column) == 0 else { return nil }
            let count = Int(PQgetlength(result, row, column))
            return UnsafeRawBufferPointer(start: PQgetvalue(result, row, column), count: count)
        }
    }

    /// One of them. A NULL where none is expected reads as zero or nothing, as SQLite has it.
    struct Row: StoredRow {
        fileprivate let rows: Rows
        fileprivate let index: Int32

        func isNull(_ column: Int32) -> Bool { rows.bytes(index, column) == nil }

        func bool(_ column: Int32) -> Bool { rows.bytes(index, column)?.first == 1 }

        func int(_ column: Int32) -> Int { optionalInt(column) ?? 0 }

        func optionalInt(_ column: Int32) -> Int? {
            switch rows.bytes(index, column)?.count {
            case 2: optionalInt16(column)
            case 4: optionalInt32(column)
            default: optionalInt64(column).map { Int($0) }
            }
        }

        func int16(_ column: Int32) -> Int { optionalInteger(column, Int16.self).map(Int.init) ?? 0 }

        func int32(_ column: Int32) -> Int { optionalInteger(column, Int32.self).map(Int.init) ?? 0 }

        func int64(_ column: Int32) -> Int64 { optionalInteger(column, Int64.self) ?? 0 }

        func optionalInt16(_ column: Int32) -> Int? { optionalInteger(column, Int16.self).map(Int.init) }

        func optionalInt32(_ column: Int32) -> Int? { optionalInteger(column, Int32.self).map(Int.init) }

        func optionalInt64(_ column: Int32) -> Int64? { optionalInteger(column, Int64.self) }

        func timestamp(_ column: Int32) -> Timestamp { Timestamp(milliseconds: int64(column)) }

        func optionalTimestamp(_ column: Int32) -> Timestamp? {
            optionalInt64(column).map { Timestamp(milliseconds: $0) }
        }

        func optionalDuration(_ column: Int32) -> Duration? { optionalInt64(column).map { .microseconds($0) } }

        func text(_ column: Int32) -> String { optionalText(column) ?? "" }

        func optionalText(_ column: Int32) -> String? {
            rows.bytes(index, column).map { String(decoding: $0, as: UTF8.self) }
        }

        func bytes(_ column: Int32) -> ByteString {
            rows.bytes(index, column).map { ByteString(copying: $0) } ?? .empty
        }

        /// The bytes as they lie in the result, for as long as the closure runs; `nil` for NULL.
        func withBytes<Value>(_ column: Int32, _ body: (UnsafeRawBufferPointer?) throws -> Value) rethrows -> Value {
            defer { withExtendedLifetime(rows) {} }
            return try body(rows.bytes(index, column))
        }

        /// An array of numbers.
        func int64s(_ column: Int32) -> [Int64] {
            guard let bytes = rows.bytes(index, column), bytes.count >= 20 else { return [] }
            // Header (dimensions, NULLs, type), length and lower bound; then each element behind its size.
            return stride(from: 24, to: bytes.count, by: 12).map { offset in
                Int64(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int64.self))
            }
        }

        private func optionalInteger<Value: FixedWidthInteger>(_ column: Int32, _ type: Value.Type) -> Value? {
            guard let bytes = rows.bytes(index, column), bytes.count == MemoryLayout<Value>.size else { return nil }
            return Value(bigEndian: bytes.loadUnaligned(as: Value.self))
        }
    }
#endif
