import Testing
import WebhookCore

@testable import WebhookRendering

@Suite("Forms from JSON")
struct FormWriterTests {
    @Test(
        "values and nested keys",
        arguments: [
            ("null", "data="),
            ("true", "data=true"),
            ("1.50", "data=1.50"),
            ("1e+5", "data=1e%2B5"),
            ("[]", ""),
            (#"{"a":{},"b":[[]]}"#, ""),
            (#"{"a":[1,{"b":null}],"c":""}"#, "data%5Ba%5D%5B0%5D=1&data%5Ba%5D%5B1%5D%5Bb%5D=&data%5Bc%5D="),
            (#"{"a b&=":"x"}"#, "data%5Ba+b%26%3D%5D=x"),
            (#""\ud800""#, "data=%EF%BF%BD"),
        ]
    )
    func values(data: String, expected: String) throws {
        #expect(try Fixtures.render(data, as: .form) == expected)
    }

    @Test("the byte set of the WHATWG serializer")
    func bytes() {
        var output: [UInt8] = []
        FormText.append("AZaz09*-._ ~!'()%+&=/?é\n\u{0}", to: &output)
        #expect(
            String(decoding: output, as: UTF8.self)
                == "AZaz09*-._+%7E%21%27%28%29%25%2B%26%3D%2F%3F%C3%A9%0A%00"
        )
    }
}
