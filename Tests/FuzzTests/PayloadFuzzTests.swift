import Testing
import WebhookCore

@testable import WebhookRegistry
@testable import WebhookRendering

/// Any mapping is refused with its place, or makes well-formed JSON within the limit, or says why it can't without a value
/// of the event's.
@Suite struct PayloadFuzzTests {
    /// What strangers may have put into an event.
    private static let data = [
        #"{"id":1,"name":"Ada cAn/ArY+","list":[1,"two",{"a":[]}],"object":{"a":{"b":null}},"yes":true,"at":"2026-03-01"}"#,
        #"{"id":"1e999999999","name":"INR","list":[[],{"a":"\ud800"}],"object":{"name":""},"yes":"YES","at":1e300}"#,
        #"{"id":-0.000005,"name":"\u0000 \u2028","list":[],"object":[{"b":1}],"yes":[],"at":"9999-12-31T23:59:60Z"}"#,
        #""text""#,
    ]

    @Test func anyMapping() async throws {
        let files = try Corpus.files("payloads")
        let fuzzer = Fuzzer(
            name: "payload",
            corpus: files.flatMap { file in Self.data.indices.map { [UInt8($0)] + file.bytes } },
            dictionary: [
                "$data", "$data.id", "$data.list", "$item", "$item.a", "$wire.type", "$vars.x", "$payload", "$each",
                "$list",
                "$join", "$with", "$from", "$values", "$if", "$then", "$else", "...", "?", " | ", "text", "number",
                "integer", "decimal(9)", "scale(9)", "minorUnits", "majorUnits($data.name)", "yesNo", "firstName",
                "wrap",
                "join", "unix", "rfc2822", "localDate", "{ ", " }", "[", "]", ", ", ": ", "\n", "null", "1e99", "\"\"",
            ],
            maxLength: 1024,
            rounds: 4_000
        )
        await fuzzer.run { input throws(Finding) in try Self.check(input) }
    }

    private static func check(_ input: [UInt8]) throws(Finding) -> String {
        guard let first = input.first else { return "nothing" }
        let problems = Problems()
        let loader = PayloadLoader(problems: problems, wire: topic.wire, variables: nil)
        guard let node = try? DocumentReader.read(ByteString(Array(input.dropFirst())), file: "m.yaml") else {
            return "no document"
        }
        guard let value = loader.load(node) else {
            try Finding.expect(problems.hasErrors, "refused without saying why")
            return "refused \(problems.sorted(mainFile: "").map { $0.message.prefix(24) })"
        }
        let data = ByteString(Self.data[Int(first) % Self.data.count])
        guard let event = try? Event(topic: "a.b", data: data, id: "e"), let plan = try? PayloadPlan(value, for: topic)
        else { return "no plan" }
        let limit = BodyLimit(maxBody: 64 << 10, dataSize: data.count)
        do {
            let made = try PayloadMapper.payload(plan, EventContext(event), topic, [], limit)
            let text = made.compactText
            try Finding.expect((try? JSON.validate(text)) != nil, "the payload is not JSON")
            // Escapes make a text longer than what was counted.
            try Finding.expect(text.count <= 6 * limit.bytes + 1024, "the payload is larger than the limit")
            return "made \(text.count.bitWidth - text.count.leadingZeroBitCount)"
        } catch let finding as Finding {
            throw finding
        } catch {
            guard let error = error as? RenderingError else { throw Finding("another error") }
            try Finding.expect(!error.description.contains("cAn/ArY+"), "the error quotes the event")
            return "not made: \(error.description.filter { !$0.isNumber }.prefix(60))"
        }
    }

    private static let topic = ProfileTopic(
        topic: "a.b",
        title: "",
        trigger: "",
        isDocumented: false,
        wire: [WireName(key: "type", value: "seven")],
        example: JSONValue.made(.null)
    )
}
