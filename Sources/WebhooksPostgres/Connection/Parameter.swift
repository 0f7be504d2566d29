#if PostgreSQL
    internal import WebhookCore

    /// A statement's parameter, sent in PostgreSQL's binary form. Arrays carry many rows in one statement.
    enum Parameter: Sendable {
        case bool(Bool)
        case int2(Int?)
        case int4(Int32?)
        case int8(Int64?)
        case text(String?)
        case bytes(ByteString)
        case bools([Bool])
        case int2s([Int?])
        case int4s([Int?])
        case int8s([Int64?])
        case texts([String?])
        case byteStrings([ByteString?])
        /// Texts as bytes.
        case utf8s([String?])
    }

    /// The values of a statement's parameters, one behind another in one piece of memory.
    struct EncodedParameters {
        private(set) var bytes: [UInt8] = []
        /// The position of each value in ``bytes``; `nil` for NULL.
        private(set) var positions: [Range<Int>?] = []

        init(_ parameters: [Parameter]) {
            positions.reserveCapacity(parameters.count)
            for parameter in parameters {
                let start = bytes.count
                let isNull = !append(parameter)
                positions.append(isNull ? nil : start..<bytes.count)
            }
            // So that an empty value has an address, which NULL has not.
            bytes.append(0)
        }

        /// - Returns: false for NULL.
        private mutating func append(_ parameter: Parameter) -> Bool {
            switch parameter {
            case .bool(let value): bytes.append(value ? 1 : 0)
            case .int2(let value): return append(value) { $0.append(Int16(truncatingIfNeeded: $1)) }
            case .int4(let value): return append(value) { $0.append($1) }
            case .int8(let value): return append(value) { $0.append($1) }
            case .text(let value): return append(value) { $0.append(text: $1) }
            case .bytes(let value): append(value)
            case .bools(let values): array(values, of: 16) { $0.bytes.append($1 ? 1 : 0) }
            case .int2s(let values): array(values, of: 21) { $0.append(Int16(truncatingIfNeeded: $1)) }
            case .int4s(let values): array(values, of: 23) { $0.append(Int32(truncatingIfNeeded: $1)) }
            case .int8s(let values): array(values, of: 20) { $0.append($1) }
            case .texts(let values): array(values, of: 25) { $0.append(text: $1) }
            case .byteStrings(let values): array(values, of: 17) { $0.append($1) }
            case .utf8s(let values): array(values, of: 17) { $0.bytes.append(contentsOf: $1.utf8) }
            }
            return true
        }

        private mutating func append<Value>(_ value: Value?, _ body: (inout Self, Value) -> Void) -> Bool {
            guard let value else { return false }
            body(&self, value)
            return true
        }

        private mutating func array<Value>(
            _ values: [Value],
            of type: Int32,
            _ body: (inout Self, Value) -> Void
        ) {
            array(values.map { Optional($0) }, of: type, body)
        }

        /// - Parameter type: the elements' object id, which is the same in every database.
        private mutating func array<Value>(
            _ values: [Value?],
            of type: Int32,
            _ body: (inout Self, Value) -> Void
        ) {
            append(Int32(values.isEmpty ? 0 : 1))
            append(Int32(values.contains { $0 == nil } ? 1 : 0))
            append(type)
            guard !values.isEmpty else { return }
            append(Int32(values.count))
            append(Int32(1))
            for value in values {
                guard let value else {
                    append(Int32(-1))
                    continue
                }
                let length = bytes.count
                append(Int32(0))
                body(&self, value)
                let size = UInt32(bytes.count - length - 4).bigEndian
                withUnsafeBytes(of: size) { bytes.replaceSubrange(length..<length + 4, with: $0) }
            }
        }

        private mutating func append<Value: FixedWidthInteger>(_ value: Value) {
            withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
        }

        private mutating func append(_ value: ByteString) {
            value.withUnsafeBytes { bytes.append(contentsOf: $0) }
        }

        private mutating func append(text: String) {
            let start = bytes.count
            bytes.append(contentsOf: text.utf8)
            // PostgreSQL's texts have no NUL. Only words about a delivery may hold one: everything else is checked before.
            guard bytes[start...].contains(0) else { return }
            bytes.removeSubrange(start...)
            bytes.append(contentsOf: text.replacing("\0", with: "\u{FFFD}").utf8)
        }
    }
#endif
