import Testing
import WebhookCore
import WebhookSimulation

@Suite struct TimestampTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("1970-01-01T00:00:00.001Z", 1), ("1969-12-31T23:59:59.999Z", -1),
        ("2000-02-29T00:00:00Z", 951_782_400_000), ("2026-03-01T09:30:00.000Z", 1_772_357_400_000),
        ("2024-02-29T23:59:59.999Z", 1_709_251_199_999), ("2038-01-19T03:14:08Z", 2_147_483_648_000),
        ("0001-01-01T00:00:00Z", -62_135_596_800_000), ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
        ("1900-03-01T00:00:00Z", -2_203_891_200_000),
        ("2026-03-01T10:30:00+01:00", 1_772_357_400_000), ("2026-03-01T04:00:00-05:30", 1_772_357_400_000),
        ("2026-02-28T23:30:00-10:00", 1_772_357_400_000), ("2026-03-01t09:30:00z", 1_772_357_400_000),
        ("2026-03-01 09:30:00Z", 1_772_357_400_000), ("2026-03-01T09:30:00-00:00", 1_772_357_400_000),
        ("2026-03-01T09:30:00.1Z", 1_772_357_400_100), ("2026-03-01T09:30:00.12345678901234567890Z", 1_772_357_400_123),
        ("1969-12-31T23:59:59.9999Z", -1), ("2016-12-31T23:59:60Z", 1_483_228_799_999),
        ("2016-12-31T23:59:60.25Z", 1_483_228_799_999), ("2017-01-01T05:29:60+05:30", 1_483_228_799_999),
    ])
    func reads(text: String, milliseconds: Int64) throws {
        #expect(Timestamp(rfc3339: text)?.milliseconds == milliseconds)
    }

    @Test(arguments: [
        "", "2026", "2026-03-01", "2026-03-01T09:30Z", "2026-03-01T09:30:00", "2026-03-01T09:30:00.Z",
        "2026-03-01T09:30:00,5Z",
        "2026-03-01T09:30:00+0100", "2026-03-01T09:30:00+01", "2026-03-01T09:30:00+24:00", "2026-03-01T09:30:00+01:60",
        "2026-00-01T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-32T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2024-02-30T00:00:00Z", "2026-03-01T24:00:00Z",
        "2026-03-01T00:60:00Z",
        "2026-03-01T00:00:61Z", "0000-01-01T00:00:00Z", "26-03-01T00:00:00Z", "+2026-03-01T00:00:00Z",
        "2026-3-1T0:0:0Z",
        " 2026-03-01T00:00:00Z", "2026-03-01T00:00:00Z ", "2026-03-01T00:00:00ZZ", "2026-03-01_00:00:00Z",
        "２026-03-01T00:00:00Z",
        "2026-03-01T00:00:00 Z", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "1772357400",
    ])
    func refuses(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test func everyDayReadsBack() {
        // From 1600 to 2400 in days: a whole Gregorian cycle on either side of 2000.
        var expected = (year: 1600, month: 1, day: 1)
        var wrong = 0
        for day in -135_140..<157_055 as Range<Int64> {
            let instant = Timestamp(milliseconds: day * 86_400_000)
            let text = instant.rfc3339(milliseconds: false)
            wrong += text == Self.text(expected) && Timestamp(rfc3339: text) == instant ? 0 : 1
            expected = Self.next(expected)
        }
        #expect(wrong == 0)
    }

    @Test func randomTimesReadBack() {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<5000 {
            let instant = Timestamp(
                milliseconds: .random(in: -62_135_596_800_000...253_402_300_799_999, using: &random)
            )
            #expect(Timestamp(rfc3339: instant.description) == instant)
        }
    }

    @Test func printsWithinFourDigitYears() {
        #expect(Timestamp(milliseconds: .max).description == "9999-12-31T23:59:59.999Z")
        #expect(Timestamp(milliseconds: .min).description == "0001-01-01T00:00:00.000Z")
    }

    @Test func roundsDownToSeconds() {
        #expect(
            [-1001, -1000, -1, 0, 999, 1000].map { Timestamp(milliseconds: $0).unixSeconds } == [-2, -1, -1, 0, 0, 1]
        )
    }

    @Test func addsDurations() {
        let start = Timestamp(milliseconds: 1000)
        #expect((start + .milliseconds(250)).milliseconds == 1250)
        #expect((start - .seconds(2)).milliseconds == -1000)
        #expect((start + .microseconds(999)).milliseconds == 1000)
        #expect(start < start + .milliseconds(1))
    }

    private static func text(_ date: (year: Int, month: Int, day: Int)) -> String {
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return "\(date.year)-\(two(date.month))-\(two(date.day))T00:00:00Z"
    }

    private static func next(_ date: (year: Int, month: Int, day: Int)) -> (year: Int, month: Int, day: Int) {
        let isLeap = date.year % 400 == 0 || date.year % 4 == 0 && date.year % 100 != 0
        let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        if date.day < lengths[date.month - 1] { return (date.year, date.month, date.day + 1) }
        return date.month < 12 ? (date.year, date.month + 1, 1) : (date.year + 1, 1, 1)
    }
}
