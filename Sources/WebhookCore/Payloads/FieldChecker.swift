/// Compares a payload with the fields that a profile lists for its topic.
///
/// Required members, types, fixed values and null count; members that nobody lists are fine, and `format` is a hint for
/// readers, as in JSON Schema.
package struct FieldChecker {
    private(set) var violations: [String] = []
    private let most: Int
    /// True where null stands for any value.
    private let withNulls: Bool
    private var path: [String] = []

    /// Tells whether the value is an object with these fields.
    package static func fits(_ value: JSONValue, _ fields: [ProfileField], withNulls: Bool = false) -> Bool {
        violations(of: value, fields, most: 1, withNulls: withNulls).isEmpty
    }

    /// Returns what doesn't fit, at most `most` violations.
    ///
    /// - Parameter withNulls: lets null stand for any value.
    package static func violations(
        of value: JSONValue,
        _ fields: [ProfileField],
        most: Int = 5,
        withNulls: Bool = false
    ) -> [String] {
        var checker = FieldChecker(most: most, withNulls: withNulls)
        checker.object(value, fields)
        return checker.violations
    }

    private init(most: Int, withNulls: Bool) {
        self.most = most
        self.withNulls = withNulls
    }

    private var isDone: Bool { violations.count >= most }

    private mutating func object(_ value: JSONValue, _ fields: [ProfileField]) {
        guard value.object != nil else { return fail("is no object", value) }
        for field in fields where !isDone {
            guard let member = value[field.name] else {
                if !field.isOptional { fail("is missing", nil, at: field.name) }
                continue
            }
            if member.isNull, field.isNullable || field.type == .any || withNulls { continue }
            path.append(field.name)
            check(member, field.type)
            path.removeLast()
        }
    }

    private mutating func check(_ value: JSONValue, _ type: FieldType) {
        guard !isDone else { return }
        switch (type, value.kind) {
        case (.any, _): break
        case (.string(_, let values, let constant), .string(let text)):
            if let constant, !constant.utf8.elementsEqual(text.utf8) {
                fail("must be the text \(JSON.string(constant))", nil)
            } else if !values.isEmpty, !values.contains(where: { $0.utf8.elementsEqual(text.utf8) }) {
                fail("is none of \(values.map(JSON.string).joined(separator: ", "))", nil)
            }
        case (.string, _): fail("must be a text", value)
        case (.integer, .number(let text)): if !Self.isWhole(text) { fail("must be a whole number", nil) }
        case (.integer, _): fail("must be a whole number", value)
        case (.number, .number): break
        case (.number, _): fail("must be a number", value)
        case (.boolean(let constant), .bool(let flag)):
            if let constant, constant != flag { fail("must be \(constant)", nil) }
        case (.boolean, _): fail("must be a boolean", value)
        case (.object(let fields), .object): object(value, fields)
        case (.object, _): fail("must be an object", value)
        case (.map(let type), .object(let members)):
            for member in members where !isDone {
                // The key is the event's, so it is not repeated.
                path.append("*")
                check(member.value, type)
                path.removeLast()
            }
        case (.map, _): fail("must be an object", value)
        case (.array(let type), .array(let items)):
            if type == .any { break }
            for (index, item) in items.enumerated() where !isDone {
                path.append(String(index))
                check(item, type)
                path.removeLast()
            }
        case (.array, _): fail("must be a list", value)
        case (.union(let types), _):
            let fits = types.contains { type in
                var checker = FieldChecker(most: 1, withNulls: withNulls)
                checker.check(value, type)
                return checker.violations.isEmpty
            }
            if !fits { fail("is of none of the allowed types", value) }
        }
    }

    private static func isWhole(_ text: String) -> Bool {
        let isPlain = text.utf8.allSatisfy { $0 <= UInt8(ascii: "9") && $0 != UInt8(ascii: ".") }
        return isPlain || ExactDecimal(text)?.isWhole == true
    }

    private mutating func fail(_ reason: String, _ value: JSONValue?, at name: String? = nil) {
        let place = (path + (name.map { [$0] } ?? [])).joined(separator: ".")
        let kind = value.map { ", and is \($0.kindName)" } ?? ""
        violations.append(place.isEmpty ? "the payload \(reason)\(kind)" : "\(place) \(reason)\(kind)")
    }
}

extension JSONValue {
    /// The kind of value for messages.
    fileprivate var kindName: String {
        switch kind {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a text"
        case .array: "a list"
        case .object: "an object"
        }
    }
}
