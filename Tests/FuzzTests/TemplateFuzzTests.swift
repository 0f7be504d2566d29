import Foundation
import FoundationXML
import Testing
import WebhookCore

@testable import WebhookRendering

/// Any template either is refused or renders something that other people's parsers take, whatever the data is.
@Suite struct TemplateFuzzTests {
    private static let types: [ContentType] = [.json, .xml, .form]
    private static let endings = [".json.mustache", ".xml.mustache", ".form.mustache"]

    /// What strangers may have put into an event. Lists are short: sections over them multiply.
    private static let data = [
        #"{"id":1,"name":"Ada","list":[1,"two"],"object":{"a":{"b":null}},"yes":true,"no":false,"none":null}"#,
        #"{"id":"\"},\"x\":{\"","name":"</webhook><x a='","list":["]]>","&amp;"],"object":{"a":{"b":"{{id}}"}},"yes":"%0d"}"#,
        #"{"id":"\u0000\u001b\ud800","name":"\u2028 \r\n","list":[[],{}],"object":{"a":[{"b":1e999}]},"no":[],"yes":"&=+ ü"}"#,
    ]

    @Test func anyTemplate() async throws {
        let fuzzer = Fuzzer(
            name: "template",
            corpus: try Self.inputs("templates"),
            dictionary: [
                "{{", "}}", "{{{", "}}}", "{{#", "{{^", "{{/", "{{!", "{{&", "{{>", "{{<", "{{=", "{{%", "{{.}}",
                "data.id",
                "data.name", "{{data.id}}", "{{{data.object}}}", "{{#data.list}}", "{{/data.list}}", "{{#data.yes}}",
                "{{/data.yes}}", "wire.type", "\"", ":", ",", "{", "}", "<a>", "</a>", "<!--", "-->", "<![CDATA[",
                "]]>", "&#0;",
                "&lt;", "<?x ?>", "a='b'", "=", "&", "%20", "\n",
            ],
            maxLength: 1024,
            rounds: 6_000
        )
        await fuzzer.run { input throws(Finding) in try Self.check(input) }
    }

    /// Each once, under a limit of few steps, and never mutated: nearly every mutation takes as long as its origin.
    @Test func multipliedSections() async throws {
        let inputs = try Self.inputs("multiplied")
        let fuzzer = Fuzzer(name: "multiplied", corpus: inputs, dictionary: [], rounds: inputs.count)
        await fuzzer.run { input throws(Finding) in try Self.check(input, .header) }
    }

    /// The templates of a folder, each with all data.
    private static func inputs(_ folder: String) throws -> [[UInt8]] {
        try Corpus.files(folder).flatMap { file in
            endings.indices.filter { file.name.hasSuffix(endings[$0]) }.flatMap { type in
                data.indices.map { [UInt8(type), UInt8($0)] + file.bytes }
            }
        }
    }

    private static func check(_ input: [UInt8], _ lower: BodyLimit? = nil) throws(Finding) -> String {
        guard input.count >= 2, let source = String(validating: input.dropFirst(2), as: UTF8.self) else {
            return "no text"
        }
        let type = types[Int(input[0]) % types.count]
        let template: CompiledTemplate
        do {
            template = try CompiledTemplate(BodyTemplate(name: "fuzz", contentType: type, source: source))
        } catch {
            return "refused: \(error.reason.filter { !$0.isNumber }.prefix(40))"
        }
        guard
            let event = try? Event(
                topic: "a.b",
                data: ByteString(data[Int(input[1]) % data.count]),
                id: "evt_1",
                tenant: "x\"<&",
                occurredAt: Timestamp(milliseconds: 1_772_357_400_000)
            )
        else { throw Finding("the event itself was refused") }
        let topic = ProfileTopic(
            topic: "a.b",
            title: "",
            trigger: "",
            isDocumented: false,
            wire: [WireName(key: "type", value: "w")],
            example: JSONValue.made(.null)
        )
        let limit = lower ?? BodyLimit(maxBody: 64 << 10, dataSize: event.data.count)
        let body: ByteString
        do {
            let root = TemplateRoot(body: BodyScope(EventContext(event), PayloadSource(passingOn: topic), limit))
            // The library has no bound: each section over a list doubles its work.
            if source.split(separator: "{{#").count <= 12 {
                let (ours, theirs) = (try template.text(root, limit), try? MustacheOracle.text(template, root))
                // It refuses a brace at the very end, which is text.
                try Finding.expect(
                    theirs == nil && source.hasSuffix("{") || ours == theirs,
                    "the library renders \(Fuzzer.spell(Array((theirs ?? "nothing").utf8)))"
                )
            }
            body = try template.body(root, as: type, limit)
        } catch let finding as Finding {
            throw finding
        } catch {
            guard let error = error as? RenderingError else { throw Finding("another error") }
            return "not rendered: \(type) \(error.description.filter { !$0.isNumber }.prefix(80))"
        }
        try Finding.expect(takes(body, as: type), "no \(type) to others: \(Fuzzer.spell(body.bytes))")
        return "rendered \(type), \(template.elements.count) elements"
    }

    private static func takes(_ body: ByteString, as type: ContentType) -> Bool {
        let bytes = Data(body.bytes)
        switch type {
        case .json:
            // Numbers beyond a double are fine with us and not with Foundation.
            if body.text.contains("1e999") || body.text.contains("\\ud8") { return true }
            return (try? JSONSerialization.jsonObject(with: bytes, options: .fragmentsAllowed)) != nil
        case .xml:
            let parser = XMLParser(data: bytes)
            parser.shouldResolveExternalEntities = false
            return parser.parse()
        case .form:
            return body.bytes.allSatisfy { $0 > 0x20 && $0 < 0x7F }
                && body.text.replacing("+", with: " ").removingPercentEncoding != nil || body.text.contains("%")
        }
    }
}
