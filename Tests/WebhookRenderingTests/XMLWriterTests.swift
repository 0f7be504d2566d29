import Testing
import WebhookCore

@testable import WebhookRendering

@Suite("XML from JSON")
struct XMLWriterTests {
    private func content(_ data: String) throws -> String {
        let text = try Fixtures.render(data, as: .xml)
        let prefix = #"<?xml version="1.0" encoding="UTF-8"?><webhook>"#
        #expect(text.hasPrefix(prefix))
        #expect(text.hasSuffix("</webhook>"))
        return String(text.dropFirst(prefix.count).dropLast("</webhook>".count))
    }

    @Test(
        "values",
        arguments: [
            ("null", #"<data nil="true"/>"#),
            ("true", "<data>true</data>"),
            ("-1.50e+3", "<data>-1.50e+3</data>"),
            (#""""#, "<data></data>"),
            ("[]", "<data></data>"),
            ("{}", "<data></data>"),
            (
                #"[1,null,[true],{"a":[]}]"#,
                #"<data><item>1</item><item nil="true"/><item><item>true</item></item><item><a></a></item></data>"#
            ),
            (#"{"a":1,"a":2}"#, "<data><a>1</a><a>2</a></data>"),
        ]
    )
    func values(data: String, expected: String) throws {
        #expect(try content(data) == expected)
    }

    @Test(
        "keys that can't name an element",
        arguments: [
            ("1a", #"<entry name="1a">0</entry>"#),
            ("a b", #"<entry name="a b">0</entry>"#),
            ("", #"<entry name="">0</entry>"#),
            ("xmlns", #"<entry name="xmlns">0</entry>"#),
            ("XMLdata", #"<entry name="XMLdata">0</entry>"#),
            ("é", #"<entry name="é">0</entry>"#),
            ("-a", #"<entry name="-a">0</entry>"#),
            ("a:b", #"<entry name="a:b">0</entry>"#),
            (#"<\"&'\t\n\r>"#, #"<entry name="&lt;&quot;&amp;'&#9;&#10;&#13;&gt;">0</entry>"#),
            ("_a-B.9", "<_a-B.9>0</_a-B.9>"),
            ("xm", "<xm>0</xm>"),
        ]
    )
    func keys(key: String, expected: String) throws {
        #expect(try content(#"{""# + key + #"":0}"#) == "<data>" + expected + "</data>")
    }

    @Test("a null under such a key")
    func nullEntry() throws {
        #expect(try content(#"{"1":null}"#) == #"<data><entry name="1" nil="true"/></data>"#)
    }

    @Test("text: markup is escaped, line ends survive a reader, what XML can't carry is replaced")
    func text() throws {
        let data =
            #""<a href=\"x\">&amp;</a> \t\n\r\u0000\u000b\u001f\uffff\ufffe\ud800\udc00\ud83d\u007f \ud83d\ude00""#
        #expect(
            try content(data)
                == "<data>&lt;a href=&quot;x&quot;&gt;&amp;amp;&lt;/a&gt; \t\n&#13;"
                + "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{10000}\u{FFFD}\u{7F} 😀</data>"
        )
    }

    @Test("the deepest data that an event may have")
    func deep() throws {
        let depth = JSON.maxDepth
        let data = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        let text = try Fixtures.render(data, as: .xml)
        var checker = XMLChecker(Array(text.utf8), maxDepth: 1024)
        #expect(throws: Never.self) { try checker.checkDocument() }
        #expect(try Fixtures.render(data, as: .form) == "")
    }
}
