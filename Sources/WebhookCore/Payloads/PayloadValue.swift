/// A rule that says where a value of a platform's payload comes from.
///
/// A tree that was read from a profile or a configuration. Its only repetition is over a list of the event, so that what
/// it costs is bounded by the rule's size and the event's.
package indirect enum PayloadValue: Sendable, Hashable {
    /// A constant, as JSON text.
    case literal(String)
    /// A fact of the event, converted.
    case reference(EnvelopeReference, [PayloadConversion])
    /// The first of these that is found. A constant is always found, null too.
    case firstOf([PayloadValue])
    case object([PayloadMember])
    /// A value for every item of a list.
    case each(PayloadValue, item: PayloadValue)
    /// A list of those that are found.
    case list([PayloadValue])
    /// A text of those that are found and not empty.
    case join([PayloadValue], separator: String)
    /// The constant beside a value.
    case lookup(PayloadValue, [PayloadCase])
    case conditional(Filter, then: PayloadValue, otherwise: PayloadValue?)
}

/// A member of an object of a payload.
package enum PayloadMember: Sendable, Hashable {
    /// An optional one is left out where its value is not found.
    case value(name: String, isOptional: Bool, PayloadValue)
    /// The members of an object of the event, but for those that stand beside.
    case merge(EnvelopeReference)
}

/// A value with the constant that stands for it.
package struct PayloadCase: Sendable, Hashable {
    /// A text, or a number's or boolean's JSON text.
    package var match: String
    /// As JSON text.
    package var literal: String

    package init(match: String, literal: String) {
        self.match = match
        self.literal = literal
    }
}

/// A step from one form of a value to another.
package enum PayloadConversion: Sendable, Hashable {
    case text
    case number
    case integer
    case round
    /// A text with this number of decimals.
    case decimal(Int)
    /// Times a power of ten.
    case scale(Int)
    case minorUnits(CurrencyDigits)
    case majorUnits(CurrencyDigits)
    case boolean
    case yesNo
    case bit
    case lower
    case upper
    case trim
    case firstName
    case lastName
    case fullName
    case first
    case last
    case count
    case wrap
    case join
    case time(EnvelopeReference.TimeFormat)
    case localDate
    case localTime
    case fromUnixMilliseconds
}

/// The number of decimals that an amount of a currency has.
package enum CurrencyDigits: Sendable, Hashable {
    case fixed(Int)
    /// By the ISO 4217 code that stands there.
    case ofCode(EnvelopeReference)

    /// The number of decimals of a currency, by its ISO 4217 code in any case; `nil` for what is no code.
    package static func digits(ofCode code: String) -> Int? {
        let code = code.uppercased()
        guard code.utf8.count == 3, code.utf8.allSatisfy({ (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) })
        else { return nil }
        return exceptions[code] ?? 2
    }

    /// The currencies whose amounts have another number of decimals than two.
    private static let exceptions: [String: Int] = {
        let none = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
        let three = "BHD IQD JOD KWD LYD OMR TND"
        var digits: [String: Int] = ["CLF": 4, "UYW": 4]
        for code in none.split(separator: " ") { digits[String(code)] = 0 }
        for code in three.split(separator: " ") { digits[String(code)] = 3 }
        return digits
    }()
}
