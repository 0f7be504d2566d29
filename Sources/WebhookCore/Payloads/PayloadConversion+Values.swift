/// The outcome of a conversion.
package enum ConversionResult {
    case value(JSONValue)
    /// There is nothing: an empty list's first item.
    case missing
    /// The value is none that can be converted.
    case impossible
}

extension PayloadConversion {
    /// Converts a value.
    ///
    /// - Parameter currencyDigits: the decimals of the currency, where its code stands in the event.
    package func convert(_ value: JSONValue, currencyDigits: Int?) -> ConversionResult {
        switch self {
        case .text: return Self.result(value.string == nil ? value.scalarText.map { .string($0) } : value.kind)
        case .number: return Self.result(value.numberText.map { .number($0) })
        case .integer: return Self.number(value.decimal) { $0.isWhole ? $0.text(decimals: 0) : nil }
        case .round: return Self.number(value.decimal) { $0.text(decimals: 0) }
        case .decimal(let decimals):
            return Self.result(value.decimal?.text(decimals: decimals).map { .string($0) })
        case .scale(let power): return Self.number(value.decimal) { $0.scaled(by: power).plainText }
        case .minorUnits(let currency):
            let digits = currency.digits ?? currencyDigits ?? 2
            return Self.number(value.decimal) { $0.scaled(by: digits).text(decimals: 0) }
        case .majorUnits(let currency):
            let digits = currency.digits ?? currencyDigits ?? 2
            return Self.number(value.decimal) { $0.scaled(by: -digits).text(decimals: digits) }
        case .boolean: return Self.result(value.truth.map { .bool($0) })
        case .yesNo: return Self.result(value.truth.map { .string($0 ? "yes" : "no") })
        case .bit: return Self.result(value.truth.map { .number($0 ? "1" : "0") })
        case .lower: return Self.text(value) { ASCIIText.lowercased($0) }
        case .upper: return Self.text(value) { ASCIIText.uppercased($0) }
        case .trim: return Self.text(value) { ASCIIText.trimmed($0) }
        case .firstName: return Self.words(value) { $0.first.map(String.init) }
        case .lastName: return Self.words(value) { $0.count < 2 ? nil : $0.dropFirst().joined(separator: " ") }
        case .fullName: return value.object == nil ? .impossible : Self.found(value.personName.map { .string($0) })
        case .first: return value.array.map { Self.found($0.first) } ?? .impossible
        case .last: return value.array.map { Self.found($0.last) } ?? .impossible
        case .count: return Self.result(value.array.map { .number(String($0.count)) })
        case .wrap: return .value(value.array == nil ? .made(.array([value])) : value)
        case .join:
            guard let items = value.array else { return .impossible }
            let texts = items.compactMap(\.scalarText)
            guard texts.count == items.count else { return .impossible }
            return .value(.made(.string(texts.joined(separator: ", "))))
        case .time(let format): return Self.result(value.time.map { format.kind(of: $0) })
        case .localDate:
            guard value.time != nil, let text = value.string else { return .impossible }
            return .value(.made(.string(String(text.prefix(10)))))
        case .localTime:
            guard value.time != nil, let text = value.string, text.utf8.count > 10 else { return .impossible }
            return .value(.made(.string(String(text.dropFirst(11).prefix(8)))))
        case .fromUnixMilliseconds:
            let text = value.decimal?.text(decimals: 0)
            return Self.result(
                text.flatMap { Int64($0) }.flatMap(Timestamp.init(inRange:)).map { .string($0.description) }
            )
        }
    }

    /// The reason why a value can't be converted, to go on "data.total …".
    package var refusal: StaticString {
        switch self {
        case .text: "is no text, number or boolean"
        case .number, .round, .decimal, .scale, .minorUnits, .majorUnits: "is no number, or too long"
        case .integer: "is no whole number"
        case .boolean, .yesNo, .bit: "is neither true nor false"
        case .lower, .upper, .trim, .firstName, .lastName: "is no text"
        case .fullName: "is no object"
        case .first, .last, .count: "is no list"
        case .wrap: "can't be a list"
        case .join: "is no list of texts"
        case .time, .localDate, .localTime, .fromUnixMilliseconds: "is no time"
        }
    }

    /// The currency that decides about decimals.
    package var currency: CurrencyDigits? {
        switch self {
        case .minorUnits(let currency), .majorUnits(let currency): currency
        default: nil
        }
    }

    private static func result(_ kind: JSONValue.Kind?) -> ConversionResult {
        kind.map { .value(.made($0)) } ?? .impossible
    }

    private static func found(_ value: JSONValue?) -> ConversionResult {
        guard let value, !value.isNull else { return .missing }
        return .value(value)
    }

    private static func found(_ kind: JSONValue.Kind?) -> ConversionResult {
        kind.map { .value(.made($0)) } ?? .missing
    }

    private static func number(_ value: ExactDecimal?, _ text: (ExactDecimal) -> String?) -> ConversionResult {
        result(value.flatMap(text).map { .number($0) })
    }

    private static func text(_ value: JSONValue, _ change: (String) -> String) -> ConversionResult {
        result(value.string.map { .string(change($0)) })
    }

    private static func words(_ value: JSONValue, _ part: ([Substring]) -> String?) -> ConversionResult {
        guard let text = value.string else { return .impossible }
        return found(part(text.split(whereSeparator: \.isWhitespace)).map { JSONValue.Kind.string($0) })
    }
}

extension PayloadConversion {
    /// The reason why a constant can't be converted by these, to go on "this constant …"; `nil` where it can, or where
    /// it depends on the event.
    package static func problem(of constant: JSONValue, _ conversions: [PayloadConversion]) -> String? {
        var value = constant
        for conversion in conversions {
            if case .ofCode? = conversion.currency { return nil }
            switch conversion.convert(value, currencyDigits: nil) {
            case .value(let next): value = next
            case .missing: return "gives nothing here"
            case .impossible: return "\(conversion.refusal)"
            }
        }
        return nil
    }
}

extension CurrencyDigits {
    /// The decimals that stand in the mapping itself.
    fileprivate var digits: Int? { if case .fixed(let digits) = self { digits } else { nil } }
}

extension JSONValue {
    /// A number's text, or a text that is a JSON number's.
    fileprivate var numberText: String? {
        switch kind {
        case .number(let text): text
        case .string(let text) where ExactDecimal(text) != nil: text
        default: nil
        }
    }

    fileprivate var decimal: ExactDecimal? { numberText.flatMap { ExactDecimal($0) } }

    /// True or false, however it is written.
    fileprivate var truth: Bool? {
        switch kind {
        case .bool(let flag): return flag
        case .number(let text), .string(let text):
            switch ASCIIText.lowercased(text) {
            case "true", "yes", "1": return true
            case "false", "no", "0": return false
            default: return nil
            }
        case .null, .array, .object: return nil
        }
    }

    /// A time: RFC 3339, a date alone, or Unix seconds.
    fileprivate var time: Timestamp? {
        switch kind {
        case .string(let text):
            Timestamp(rfc3339: text.utf8.count == 10 ? text + "T00:00:00Z" : text)
        case .number(let text):
            ExactDecimal(text)?.scaled(by: 3).text(decimals: 0).flatMap { Int64($0) }.flatMap(Timestamp.init(inRange:))
        default: nil
        }
    }

    /// A person's full name.
    fileprivate var personName: String? {
        func text(_ keys: [String]) -> String? {
            keys.lazy.compactMap { self[$0]?.string }.first { !$0.isEmpty }
        }
        if let name = text(["name", "fullName", "full_name"]) { return name }
        let parts = [text(["firstName", "first_name"]), text(["lastName", "last_name"])].compactMap { $0 }
        return parts.isEmpty ? nil : parts.joined(separator: " ")
    }
}

extension EnvelopeReference.TimeFormat {
    /// A time in this format.
    package func kind(of time: Timestamp) -> JSONValue.Kind {
        switch self {
        case .milliseconds: .string(time.rfc3339(milliseconds: true))
        case .seconds: .string(time.rfc3339(milliseconds: false))
        case .unix: .number(String(time.unixSeconds))
        case .unixMilliseconds: .number(String(time.milliseconds))
        case .date: .string(time.dateText)
        case .time: .string(time.timeText)
        case .dateTime: .string(time.dateTimeText)
        case .basic: .string(time.basicText)
        case .offset: .string(time.offsetText)
        case .httpDate: .string(time.mailText(zone: "GMT"))
        case .rfc2822: .string(time.mailText(zone: "+0000"))
        }
    }

    /// The formats by the names that profiles give them.
    package static let named: [String: EnvelopeReference.TimeFormat] = [
        "milliseconds": .milliseconds, "seconds": .seconds, "unix": .unix, "unixMs": .unixMilliseconds, "date": .date,
        "time": .time, "dateTime": .dateTime, "basic": .basic, "offset": .offset, "httpDate": .httpDate,
        "rfc2822": .rfc2822,
    ]
}

extension JSONValue {
    /// A value that stands in no document.
    package static func made(_ kind: Kind) -> JSONValue { JSONValue(kind: kind, document: .empty, range: 0..<0) }

    /// The text of a text, number or boolean.
    package var scalarText: String? {
        switch kind {
        case .string(let text), .number(let text): text
        case .bool(let flag): flag ? "true" : "false"
        case .null, .array, .object: nil
        }
    }
}

extension Timestamp {
    /// A time of the years 0001 to 9999; `nil` for another.
    fileprivate init?(inRange milliseconds: Int64) {
        self.init(milliseconds: milliseconds)
        guard Timestamp(rfc3339: description) == self else { return nil }
    }
}

/// ASCII case and white space: other letters change their length and differ between languages.
enum ASCIIText {
    static func lowercased(_ text: String) -> String {
        String(decoding: text.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
    }

    static func uppercased(_ text: String) -> String {
        String(decoding: text.utf8.map { (0x61...0x7A).contains($0) ? $0 & 0xDF : $0 }, as: UTF8.self)
    }

    static func trimmed(_ text: String) -> String {
        let start = text.drop(while: \.isWhitespace)
        guard let end = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...end])
    }
}
