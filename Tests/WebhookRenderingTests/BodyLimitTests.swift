import Testing
import WebhookCore

@testable import WebhookRendering

/// A small event must not fill the memory or the time, whoever writes its body.
@Suite("How large a body may become")
struct BodyLimitTests {
    private static let longKey = #"{"\#(String(repeating: "k", count: 50_000))":[\#(list(25_000))]}"#
    private static let deepKeys =
        String(repeating: #"{"\#(String(repeating: "k", count: 200))":"#, count: 500) + "[\(list(2000))]"
        + String(repeating: "}", count: 500)
    private static let outer = #"{"a":"\#(String(repeating: "x", count: 50_000))","l":[\#(list(25_000))]}"#

    private static func list(_ count: Int) -> String { Array(repeating: "1", count: count).joined(separator: ",") }

    private func failure(
        _ data: String,
        _ profile: Profile = Fixtures.bare,
        as contentType: ContentType,
        template: String? = nil,
        maxBody: Int = 64 << 20
    ) throws -> String? {
        let subscription = Fixtures.subscription("crm", profile, as: contentType, template: template)
        let renderer = WebhookRenderer(subscriptions: [subscription], maxBody: maxBody)
        let rendered = renderer.render(try Fixtures.event(data), for: [subscription])
        do {
            let body = rendered.bodies[try rendered.renderedBodies[0].get().body]
            #expect(body.count <= min(maxBody, data.utf8.count * 8 + (1 << 20)))
            return nil
        } catch {
            #expect(rendered.bodies.isEmpty)
            return error.description
        }
    }

    @Test("a form repeats the whole key with every value", arguments: [longKey, deepKeys])
    func form(data: String) throws {
        let limit = BodyLimit(maxBody: .max, dataSize: data.utf8.count)
        #expect(try failure(data, as: .form) == limit.tooLarge.description)
        #expect(try failure(data, as: .json) == nil)
        #expect(try failure(data, as: .xml) == nil)
    }

    @Test("a template repeats an outer field", arguments: [ContentType.json, .xml, .form])
    func outerField(contentType: ContentType) throws {
        let limit = BodyLimit(maxBody: .max, dataSize: Self.outer.utf8.count)
        for tag in ["{{data.a}}", "{{{data.a}}}", "{{data}}", "{{{data}}}", String(repeating: "text", count: 5000)] {
            let template = "{{#data.l}}\(tag){{/data.l}}"
            #expect(
                try failure(Self.outer, as: contentType, template: template) == limit.tooLarge.description
            )
        }
    }

    @Test(
        "sections that multiply end soon, whether they write or not",
        arguments: [
            "{{#data.l}}{{#data.l}}{{#data.l}}{{/data.l}}{{/data.l}}{{/data.l}}",
            "{{#data.l}}{{#data.l}}{{#data.l}}{{#data.no}}x{{/data.no}}{{/data.l}}{{/data.l}}{{/data.l}}",
            "{{#data.l}}{{#data.l}}{{#data.l}}{{data.none}}{{/data.l}}{{/data.l}}{{/data.l}}",
            "{{#data.l}}{{#data.l}}{{#data.l}}{{^data.l}}{{/data.l}}{{/data.l}}{{/data.l}}{{/data.l}}",
            String(repeating: "{{#data.two}}", count: 60) + String(repeating: "{{/data.two}}", count: 60),
        ]
    )
    func loops(template: String) throws {
        let data = #"{"two":[1,2],"l":[\#(Self.list(10_000))]}"#
        let limit = BodyLimit(maxBody: .max, dataSize: data.utf8.count)
        #expect(try failure(data, as: .json, template: template) == limit.tooManySteps.description)
    }

    @Test("an envelope names the data often, and merges it")
    func envelope() throws {
        let data = #"{"a":"\#(String(repeating: "x", count: 200_000))"}"#
        let often = (0..<20).map { EnvelopeMember(name: "m\($0)", value: .reference(.data(path: []))) }
        let merged = (0..<20).map { index in
            EnvelopeMember(
                name: "m\(index)",
                value: .object([EnvelopeMember(name: "...", value: .merge(.data(path: [])))])
            )
        }
        for members in [often, merged] {
            for contentType in [ContentType.json, .xml, .form] {
                #expect(
                    try failure(data, Fixtures.profile(body: members), as: contentType)
                        == "the body would exceed 2.5 MiB (8 times the event's data and 1 MiB)"
                )
            }
        }
    }

    @Test("the configured limit counts where it is the smaller one, to the byte")
    func configured() throws {
        let data = #""\#(String(repeating: "x", count: 5000))""#
        for (contentType, template) in [(ContentType.json, nil), (.xml, nil), (.form, nil), (.json, "{{{data}}}")] {
            let size = try Fixtures.render(data, as: contentType, template: template).utf8.count
            #expect(try failure(data, as: contentType, template: template, maxBody: size) == nil)
            #expect(
                try failure(data, as: contentType, template: template, maxBody: size - 1)
                    == "the body would exceed \(BodyLimit.text(size - 1)) (`dispatcher.maxBody`)"
            )
        }
    }

    @Test("what an honest template needs is far within the limits")
    func honest() throws {
        let items = (0..<20_000).map { #"{"id":\#($0),"name":"n"}"# }.joined(separator: ",")
        let template = """
            [{{#data.l}}
            {"id":{{id}},"name":"{{name}}"{{#gone}},"gone":{{gone}}{{/gone}}{{^gone}}{{/gone}},"topic":"{{topic}}"},
            {{/data.l}}
            0]
            """
        #expect(try failure(#"{"l":[\#(items)]}"#, as: .json, template: template) == nil)
        let numbers = "[\(Self.list(500_000))]"
        #expect(try failure(numbers, as: .json, template: "[{{#data}}{{.}},{{/data}}0]") == nil)
    }

    @Test("a header that grows with the event is refused as well")
    func header() throws {
        let template = HeaderTemplate(name: "X-Id", template: String(repeating: "{{id}}", count: 3300))
        let profile = Fixtures.profile(headers: [template], body: [])
        let subscription = Fixtures.subscription("crm", profile)
        let event = try Fixtures.event("{}")
        #expect(throws: RenderingError("header X-Id: the header's value would exceed 16 KiB (what receivers take)")) {
            try WebhookRenderer(subscriptions: [subscription])
                .request(for: Fixtures.attempt(event), to: subscription, body: "{}")
        }
    }

    @Test("checking beforehand says the same, and ends")
    func validation() throws {
        let topic = Fixtures.topic("course.created", example: #"{"a":"x","l":[1,2,3,4,5,6,7,8,9,10]}"#)
        let profile = Fixtures.profile(contentTypes: [.json], body: [], topics: [topic])
        let open = String(repeating: "{{#data.l}}", count: 60)
        let close = String(repeating: "{{/data.l}}", count: 60)
        for (tag, problem) in [("x", "would exceed 2 KiB"), ("", "would take more than")] {
            let subscription = Fixtures.subscription("crm", profile, template: open + tag + close)
            let found = TemplateChecker.check(subscription: subscription, maxBody: 2048).map(\.description)
            #expect(found.count == 1)
            #expect(found.first?.contains("the example of course.created does not render: the body \(problem)") == true)
        }
    }

    @Test("sizes for people")
    func sizes() {
        #expect(
            [1023, 1024, 1 << 20, 1_887_437, 64 << 20].map(BodyLimit.text) == [
                "1023 bytes", "1 KiB", "1 MiB", "1.8 MiB", "64 MiB",
            ]
        )
    }
}
