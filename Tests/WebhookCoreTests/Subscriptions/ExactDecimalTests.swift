import Testing
import WebhookCore

@Suite struct ExactDecimalTests {
    @Test(arguments: [
        ["1", "1.0", "10e-1", "0.1e1", "1E0", "1e+0", "1e-0", "0.001e3", "1000e-3", "1e0000000000000000000"],
        ["0", "-0", "0.0", "0e5", "-0.00e-9", "0e99999999999999999999"],
        ["-12.5", "-1.25e1", "-125e-1", "-12.500"],
        ["1e999", "10e998", "0.1e1000"],
        ["100", "1e2", "1.00e+2"],
        ["9007199254740993", "9007199254740993.0", "9.007199254740993e15"],
    ])
    func equalNumbersAreEqual(spellings: [String]) throws {
        let numbers = try spellings.map { try decimal($0) }
        for number in numbers {
            #expect(number == numbers[0])
            #expect(number.hashValue == numbers[0].hashValue)
            #expect(number.compare(to: numbers[0]) == 0)
        }
    }

    @Test func ordersExactly() throws {
        let ascending = [
            "-1e999", "-9007199254740993", "-9007199254740992", "-2", "-1.5", "-1", "-0.1", "-1e-400", "0",
            "1e-999999999999999",
            "1e-400", "0.1", "0.1000000000000000000001", "1", "1.5", "2", "10", "99.99", "100", "9007199254740992",
            "9007199254740993", "1e308", "1e999", "1e999999999999999",
        ]
        let numbers = try ascending.map { try decimal($0) }
        for left in numbers.indices {
            for right in numbers.indices {
                #expect(numbers[left].compare(to: numbers[right]).signum() == (left - right).signum())
                #expect((numbers[left] == numbers[right]) == (left == right))
            }
        }
    }

    @Test(arguments: [
        "", "-", "+1", ".5", "1.", "01", "1e", "1e+", "1e+-5", "1e5.5", "1 ", " 1", "0x10", "NaN", "1e1000000000000000",
        "1,0", "١",
    ])
    func refuses(text: String) {
        #expect(ExactDecimal(text) == nil)
    }

    private func decimal(_ text: String) throws -> ExactDecimal {
        let number = ExactDecimal(text)
        return try #require(number, "\(text)")
    }
}
