import Testing
import WebhookCore

@testable import WebhookRendering

/// Every conversion with its edge cases: the value as JSON, what comes out, or `nil` where it can't be converted.
@Suite struct PayloadConversionTests {
    private func convert(_ json: String, _ conversion: PayloadConversion, digits: Int? = nil) throws -> String? {
        let value = try JSON.parse(ByteString(json))
        switch conversion.convert(value, currencyDigits: digits) {
        case .value(let result): return result.compactText.text
        case .missing: return "missing"
        case .impossible: return nil
        }
    }

    @Test(
        arguments: [
            ("101", .text, "\"101\""), ("1.50", .text, "\"1.50\""), ("true", .text, "\"true\""),
            ("\"é\"", .text, "\"é\""), ("[]", .text, nil), ("{}", .text, nil),
            ("\"2.50\"", .number, "2.50"), ("7", .number, "7"), ("\"-0.5e3\"", .number, "-0.5e3"),
            ("\"007\"", .number, nil), ("\" 7\"", .number, nil), ("\"7x\"", .number, nil), ("true", .number, nil),
            ("\"101\"", .integer, "101"), ("7.0", .integer, "7"), ("1e3", .integer, "1000"), ("-7", .integer, "-7"),
            ("7.5", .integer, nil), ("\"\"", .integer, nil), ("1e400", .integer, nil),
            ("18446744073709551616", .integer, "18446744073709551616"),
            ("0.5", .round, "1"), ("-0.5", .round, "-1"), ("0.49", .round, "0"), ("-0.4", .round, "0"),
            ("99.5", .round, "100"), ("9.99", .round, "10"), ("0", .round, "0"),
        ] as [(String, PayloadConversion, String?)]
    )
    func textsAndNumbers(_ json: String, _ conversion: PayloadConversion, _ expected: String?) throws {
        #expect(try convert(json, conversion) == expected)
    }

    @Test(
        arguments: [
            ("24.99", .minorUnits(.fixed(2)), "2499"), ("\"24.99\"", .minorUnits(.fixed(2)), "2499"),
            ("24.995", .minorUnits(.fixed(2)), "2500"), ("24.994", .minorUnits(.fixed(2)), "2499"),
            ("-24.995", .minorUnits(.fixed(2)), "-2500"), ("0.1", .minorUnits(.fixed(2)), "10"),
            ("1.005", .minorUnits(.fixed(2)), "101"), ("0", .minorUnits(.fixed(2)), "0"),
            ("49", .minorUnits(.fixed(0)), "49"),
            ("1.2345", .minorUnits(.fixed(3)), "1235"), ("\"1,50\"", .minorUnits(.fixed(2)), nil),
            ("90071992547409.93", .minorUnits(.fixed(2)), "9007199254740993"),
            ("2499", .majorUnits(.fixed(2)), "24.99"), ("2500", .majorUnits(.fixed(2)), "25.00"),
            ("5", .majorUnits(.fixed(2)), "0.05"), ("-5", .majorUnits(.fixed(2)), "-0.05"),
            ("\"120000\"", .majorUnits(.fixed(0)), "120000"), ("1", .majorUnits(.fixed(3)), "0.001"),
            ("40", .decimal(1), "\"40.0\""), ("0.05", .decimal(1), "\"0.1\""), ("-0.04", .decimal(1), "\"0.0\""),
            ("\"3.14159\"", .decimal(4), "\"3.1416\""), ("2.5", .decimal(0), "\"3\""),
            ("0.4", .scale(2), "40"), ("40", .scale(-2), "0.4"), ("1e2", .scale(0), "100"), ("1.50", .scale(0), "1.5"),
        ] as [(String, PayloadConversion, String?)]
    )
    func amounts(_ json: String, _ conversion: PayloadConversion, _ expected: String?) throws {
        #expect(try convert(json, conversion) == expected)
    }

    @Test(arguments: [("JPY", 0), ("INR", 2), ("usd", 2), ("KWD", 3), ("CLF", 4), ("₹", nil), ("US", nil), ("", nil)])
    func currencies(_ code: String, _ digits: Int?) {
        #expect(CurrencyDigits.digits(ofCode: code) == digits)
    }

    @Test(
        arguments: [
            ("true", .yesNo, "\"yes\""), ("\"NO\"", .yesNo, "\"no\""), ("0", .boolean, "false"),
            ("\"1\"", .boolean, "true"),
            ("\"yes\"", .bit, "1"), ("false", .bit, "0"), ("2", .boolean, nil), ("\"\"", .boolean, nil),
            ("[]", .yesNo, nil),
            ("\"Paid Ä\"", .lower, "\"paid Ä\""), ("\"inr\"", .upper, "\"INR\""), ("\" \\t a b \"", .trim, "\"a b\""),
            ("\"  \"", .trim, "\"\""), ("7", .upper, nil),
        ] as [(String, PayloadConversion, String?)]
    )
    func booleansAndCase(_ json: String, _ conversion: PayloadConversion, _ expected: String?) throws {
        #expect(try convert(json, conversion) == expected)
    }

    @Test(
        arguments: [
            ("\"Meera Nair\"", .firstName, "\"Meera\""), ("\"Meera Nair\"", .lastName, "\"Nair\""),
            ("\"Jean Claude  Van Damme\"", .lastName, "\"Claude Van Damme\""), ("\"Ada\"", .firstName, "\"Ada\""),
            ("\"Ada\"", .lastName, "missing"), ("\"\"", .firstName, "missing"), ("\" \"", .lastName, "missing"),
            ("\"王 小明\"", .firstName, "\"王\""), ("\"Zoë\\u00a0Ö.\"", .lastName, "\"Ö.\""), ("7", .firstName, nil),
            (#"{"name":"A B","firstName":"X"}"#, .fullName, "\"A B\""),
            (#"{"firstName":"Łucja","lastName":"Żak"}"#, .fullName, "\"Łucja Żak\""),
            (#"{"first_name":"Ada","last_name":""}"#, .fullName, "\"Ada\""), ("{}", .fullName, "missing"),
            ("\"A\"", .fullName, nil),
        ] as [(String, PayloadConversion, String?)]
    )
    func names(_ json: String, _ conversion: PayloadConversion, _ expected: String?) throws {
        #expect(try convert(json, conversion) == expected)
    }

    @Test(
        arguments: [
            ("[1,2]", .first, "1"), ("[1,2]", .last, "2"), ("[]", .first, "missing"), ("[null]", .last, "missing"),
            ("[1,2]", .count, "2"), ("7", .count, nil), ("7", .wrap, "[7]"), ("[7]", .wrap, "[7]"),
            (#"["a",1,true]"#, .join, "\"a, 1, true\""), ("[]", .join, "\"\""), ("[[]]", .join, nil),
        ] as [(String, PayloadConversion, String?)]
    )
    func lists(_ json: String, _ conversion: PayloadConversion, _ expected: String?) throws {
        #expect(try convert(json, conversion) == expected)
    }

    private static let time = "\"2026-03-01T15:00:00.250+05:30\""

    @Test(
        arguments: [
            (time, .time(.milliseconds), "\"2026-03-01T09:30:00.250Z\""),
            (time, .time(.seconds), "\"2026-03-01T09:30:00Z\""),
            (time, .time(.offset), "\"2026-03-01T09:30:00+00:00\""), (time, .time(.unix), "1772357400"),
            (time, .time(.unixMilliseconds), "1772357400250"), (time, .time(.date), "\"2026-03-01\""),
            (time, .time(.time), "\"09:30:00\""), (time, .time(.dateTime), "\"2026-03-01 09:30:00\""),
            (time, .time(.basic), "\"20260301T093000Z\""),
            (time, .time(.httpDate), "\"Sun, 01 Mar 2026 09:30:00 GMT\""),
            (time, .time(.rfc2822), "\"Sun, 01 Mar 2026 09:30:00 +0000\""), (time, .localDate, "\"2026-03-01\""),
            (time, .localTime, "\"15:00:00\""), ("\"2026-03-01\"", .time(.unix), "1772323200"),
            ("\"2026-03-01\"", .localTime, nil),
            ("1772357400.25", .time(.milliseconds), "\"2026-03-01T09:30:00.250Z\""),
            ("-1", .time(.httpDate), "\"Wed, 31 Dec 1969 23:59:59 GMT\""),
            ("0", .time(.rfc2822), "\"Thu, 01 Jan 1970 00:00:00 +0000\""),
            ("1772357400250", .fromUnixMilliseconds, "\"2026-03-01T09:30:00.250Z\""),
            ("1772357400250", .time(.unix), nil), ("\"2026-02-30\"", .time(.date), nil), ("\"\"", .time(.unix), nil),
            ("true", .time(.unix), nil), ("1e30", .time(.unix), nil), ("0", .localDate, nil),
        ] as [(String, PayloadConversion, String?)]
    )
    func times(_ json: String, _ conversion: PayloadConversion, _ expected: String?) throws {
        #expect(try convert(json, conversion) == expected)
    }
}
