import Testing
import WebhookCore

@testable import WebhookRendering

@Suite("Body templates")
struct TemplateTests {
    static let data =
        #"{"s":"a\"<b>&'c d\n","n":1.50,"z":null,"t":true,"f":false,"o":{"k":"<v>"},"l":[{"x":1},{"x":2}],"e":[]}"#

    @Test(
        "escaping by content type",
        arguments: [
            (ContentType.json, #"{"v":"{{data.s}}"}"#, #"{"v":"a\"<b>&'c d\n"}"#),
            (.json, #"{"v":{{{data.s}}}}"#, #"{"v":"a\"<b>&'c d\n"}"#),
            (.json, #"{"v":{{&data.o}},"w":"{{data.o}}"}"#, #"{"v":{"k":"<v>"},"w":"{\"k\":\"<v>\"}"}"#),
            (.json, #"[{{data.n}},"{{data.z}}",{{{data.z}}},{{data.t}},{{{data.f}}}]"#, #"[1.50,"",null,true,false]"#),
            (.xml, "<a b='{{data.s}}'/>", "<a b='a&quot;&lt;b&gt;&amp;&apos;c d\n'/>"),
            (.xml, "<a>{{{data.o}}}</a>", "<a>{&quot;k&quot;:&quot;&lt;v&gt;&quot;}</a>"),
            (.form, "v={{data.s}}&n={{data.n}}", "v=a%22%3Cb%3E%26%27c+d%0A&n=1.50"),
            (.form, "v={{{data.o}}}", "v=%7B%22k%22%3A%22%3Cv%3E%22%7D"),
        ]
    )
    func escaping(contentType: ContentType, template: String, expected: String) throws {
        #expect(try Fixtures.render(Self.data, as: contentType, template: template) == expected)
    }

    @Test("what is in scope")
    func scope() throws {
        let template =
            #"["{{id}}","{{topic}}",{{{tenant}}},"{{occurredAt}}",{{timestamp}},{{test}},"{{wire.x}}",{{{data.l.1.x}}}]"#
        #expect(
            try Fixtures.render(Self.data, as: .json, template: template)
                == #"["evt_1","course.created","school-42","2026-03-01T09:30:00.000Z",1772357400,false,"",2]"#
        )
    }

    @Test(
        "sections",
        arguments: [
            ("[{{#data.l}}{{x}},{{/data.l}}0]", "[1,2,0]"),
            ("[{{#data.o}}{{{k}}}{{/data.o}}]", #"["<v>"]"#),
            ("[{{#data.t}}1{{/data.t}}{{^data.t}}2{{/data.t}}]", "[1]"),
            ("[{{#data.f}}1{{/data.f}}{{^data.f}}2{{/data.f}}]", "[2]"),
            ("[{{#data.z}}1{{/data.z}}{{^data.z}}2{{/data.z}}]", "[2]"),
            ("[{{#data.e}}1{{/data.e}}{{^data.e}}2{{/data.e}}]", "[2]"),
            ("[{{#data.missing}}1{{/data.missing}}{{^data.missing}}2{{/data.missing}}]", "[2]"),
            ("[{{#data}}{{#l}}{{n}},{{/l}}{{/data}}0]", "[1.50,1.50,0]"),
            ("{{! nothing }}[]", "[]"),
            ("[\n  {{#data.t}}\n  1\n  {{/data.t}}\n]\n", "[\n  1\n]\n"),
        ]
    )
    func sections(template: String, expected: String) throws {
        #expect(try Fixtures.render(Self.data, as: .json, template: template) == expected)
    }

    @Test(
        "refusals name the place",
        arguments: [
            ("{\n {{> part}}}", "line 2, column 2: partials are not supported: put the text in place"),
            ("{{%CONTENT_TYPE:TEXT}}", "line 1, column 1: pragmas are not supported"),
            ("é{{=<% %>=}}", "line 1, column 2: changing the delimiters is not supported"),
            ("{{<a}}{{/a}}", "line 1, column 1: template inheritance is not supported"),
            ("{{$a}}{{/a}}", "line 1, column 1: template inheritance is not supported"),
            ("{{uppercased(id)}}", "line 1, column 1: functions are not supported in tags"),
            ("{{{json(id)}}}", "line 1, column 1: functions are not supported in tags"),
            ("{{#a}}", "line 1, column 1: the section a is not closed"),
            ("{{#a}}\n{{/b}}", "line 2, column 1: the section a is open here, not b"),
            ("{{/a}}", "line 1, column 1: no section is open here"),
            ("[{{a]", "line 1, column 2: the tag is not closed by }}"),
            ("[{{{a}}]", "line 1, column 2: the tag is not closed by }}}"),
            ("{{ }}", "line 1, column 1: the tag has no name"),
            (
                "{{a}}\u{301}",
                "line 1, column 6: a character that combines with its neighbour can't stand next to a tag"
            ),
            (
                "\u{600}{{a}}",
                "line 1, column 2: a character that combines with its neighbour can't stand next to a tag"
            ),
        ]
    )
    func refusals(template: String, message: String) {
        #expect(Fixtures.failure("{}", as: .json, template: template) == "bodies/crm.mustache: " + message)
    }

    @Test("braces without a space between them are a tag that names nothing")
    func braces() {
        let failure = Fixtures.failure("{}", as: .json, template: #"{"a":{"b":{{"c":1}}}}"#)
        #expect(failure?.hasPrefix("bodies/crm.mustache: line 1, column 11: not a variable name") == true)
    }

    @Test(
        "what is not well-formed is refused with its place in the output, and no value is quoted",
        arguments: [
            (ContentType.json, #"{"a":{{data.s}}}"#, "JSON is not well-formed at line 1, column 6: not a JSON value"),
            (.json, "", "JSON is not well-formed at line 1, column 1: there is no JSON value"),
            (
                .xml, "<a>\n</b>",
                "XML is not well-formed at line 2, column 1: this closes another element than the one opened at line 1"
            ),
            (.xml, "<a>{{data.s}}", "XML is not well-formed at line 1, column 2: an element is not closed"),
            (
                .form, "a=b c",
                "form is not well-formed at line 1, column 4: a form holds printable ASCII only, the rest percent-encoded"
            ),
            (
                .form, "a=%4",
                "form is not well-formed at line 1, column 3: % must be followed by two hexadecimal digits"
            ),
        ]
    )
    func illFormed(contentType: ContentType, template: String, message: String) {
        #expect(
            Fixtures.failure(#"{"s":"canary"}"#, as: contentType, template: template)
                == "bodies/crm.mustache: the rendered " + message
        )
    }

    @Test("a form loses the line break that its file ends with, and a byte order mark is no text")
    func ends() throws {
        #expect(try Fixtures.render("{}", as: .form, template: "a={{id}}\r\n\n") == "a=evt_1")
        #expect(try Fixtures.render("{}", as: .json, template: "\u{FEFF}[]\n") == "[]\n")
    }

    @Test("a value that looks like a tag stays text")
    func injection() throws {
        let body = try Fixtures.render(
            #"{"a":"{{id}}{{%CONTENT_TYPE:TEXT}}"}"#,
            as: .json,
            template: #"["{{data.a}}"]"#
        )
        #expect(body == #"["{{id}}{{%CONTENT_TYPE:TEXT}}"]"#)
    }

    @Test("a quote stays a quote, whatever combines with it", arguments: ["'", "\"", "<", "&", ">"])
    func combiningCharacters(mark: String) throws {
        for combining in ["\u{301}", "\u{200D}", "\u{FE0F}", "\u{20E3}"] {
            let data = #"{"a":\#(JSON.string(mark + combining + "x"))}"#
            let xml = try Fixtures.render(data, as: .xml, template: "<a b='{{data.a}}' c=\"{{data.a}}\">{{data.a}}</a>")
            #expect(xml.utf8.filter { $0 == UInt8(ascii: "'") }.count == 2)
            #expect(xml.utf8.filter { $0 == UInt8(ascii: "\"") }.count == 2)
            let json = try Fixtures.render(data, as: .json, template: #"{"a":"{{data.a}}"}"#)
            #expect(try JSON.parse(ByteString(json)).object?.count == 1)
        }
    }
}
