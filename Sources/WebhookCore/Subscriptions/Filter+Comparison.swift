#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

extension Filter {
    /// A value on its way through the conditions of a path: its number is read once, and not for each of them.
    ///
    /// Both sides come from strangers. So no comparison goes over the value more than once, whatever stands there.
    struct ComparedValue {
        private let value: JSONValue
        private let number: ExactDecimal?

        init(_ value: JSONValue) {
            self.value = value
            if case .number(let text) = value.kind { number = ExactDecimal(text) } else { number = nil }
        }
    }
}

extension Filter.ComparedValue {
    func equals(_ operand: Filter.Operand) -> Bool {
        if case .number(let expected) = operand { return number == expected }
        return operand.equals(value)
    }

    func compares(with operand: Filter.Operand, _ order: (Int, Int) -> Bool) -> Bool {
        switch (operand, value.kind) {
        case (.number(let bound), .number): return number.map { order($0.compare(to: bound), 0) } ?? false
        case (.text(let bound), .string(let text)):
            let left = text.unicodeScalars
            let right = bound.unicodeScalars
            return order(left.elementsEqual(right) ? 0 : left.lexicographicallyPrecedes(right) ? -1 : 1, 0)
        default: return false
        }
    }

    func begins(with part: String) -> Bool { value.string.map { $0.utf8.starts(with: part.utf8) } ?? false }

    func ends(with part: String) -> Bool {
        guard let text = value.string else { return false }
        return text.utf8.suffix(part.utf8.count).elementsEqual(part.utf8)
    }

    /// A part of a text, or an item of an array.
    func contains(_ operand: Filter.Operand) -> Bool {
        switch (operand, value.kind) {
        case (.text(let part), .string(let text)): ByteSearch.contains(part, in: text)
        case (_, .array(let items)): items.contains { operand.equals($0) }
        default: false
        }
    }
}

extension Filter.Operand {
    fileprivate func equals(_ value: JSONValue) -> Bool {
        switch (self, value.kind) {
        case (.null, .null): true
        case (.bool(let expected), .bool(let actual)): expected == actual
        case (.number(let expected), .number(let text)): expected.isWritten(text)
        case (.text(let expected), .string(let actual)): expected.utf8.elementsEqual(actual.utf8)
        default: false
        }
    }
}

/// Substring search on bytes, which for UTF-8 is one on characters.
enum ByteSearch {
    /// Takes time in the length of the text, whatever the part is (Knuth, Morris and Pratt).
    static func contains(_ part: String, in text: String) -> Bool {
        var (part, text) = (part, text)
        return part.withUTF8 { part in
            text.withUTF8 { text in
                guard let first = part.first, text.count >= part.count else { return part.isEmpty }
                guard let whole = text.baseAddress else { return false }
                let borders = borders(of: part)
                var (position, matched) = (0, 0)
                while position < text.count {
                    if matched == 0 {
                        let rest = text.count - position
                        guard let next = memchr(whole + position, Int32(first), rest) else { return false }
                        position = UnsafeRawPointer(next) - UnsafeRawPointer(whole)
                    }
                    while matched > 0, text[position] != part[matched] { matched = borders[matched - 1] }
                    if text[position] == part[matched] { matched += 1 }
                    if matched == part.count { return true }
                    position += 1
                }
                return false
            }
        }
    }

    /// For each beginning of a part, the length of the longest shorter beginning that it ends with.
    private static func borders(of part: UnsafeBufferPointer<UInt8>) -> [Int] {
        var borders = Array(repeating: 0, count: part.count)
        var matched = 0
        for index in part.indices.dropFirst() {
            while matched > 0, part[index] != part[matched] { matched = borders[matched - 1] }
            if part[index] == part[matched] { matched += 1 }
            borders[index] = matched
        }
        return borders
    }
}
