import Foundation
import Testing
import WebhookCore
import WebhookRegistry

@testable import WebhookRendering

/// The exact request of every topic of every built-in profile, in every content type that it offers.
///
/// `WEBHOOKS_UPDATE_GOLDEN=1 swift test --filter GoldenTests` writes the files again: read the difference before you commit.
@Suite("Golden requests")
struct GoldenTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Golden")
    private static let isUpdating = ProcessInfo.processInfo.environment["WEBHOOKS_UPDATE_GOLDEN"] == "1"
    private static let catalog = ProfileCatalog()
    private static let translating = catalog.names.filter { !["lms", "standard", "svix", "webhooks"].contains($0) }

    @Test("every topic in every content type", arguments: catalog.names)
    func requests(name: String) throws {
        let profile = try #require(Self.catalog.profile(named: name))
        let folder = Self.folder.appendingPathComponent(name)
        if Self.isUpdating {
            try? FileManager.default.removeItem(at: folder)
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        }
        var expected: Set<String> = []
        for topic in profile.topics {
            for contentType in profile.contentTypes {
                let file = "\(topic.topic == ProfileTopic.anyName ? "any" : topic.topic).\(Self.ending(contentType))"
                let place = folder.appendingPathComponent(file)
                expected.insert(file)
                let name = topic.topic == ProfileTopic.anyName ? "example.event" : topic.topic
                let request = try Self.request(topic, of: profile, as: contentType, named: name, data: topic.example)
                if Self.isUpdating { try request.write(to: place) }
                let golden = try? Data(contentsOf: place)
                #expect(golden == request, "\(name)/\(file): now \(String(decoding: request, as: UTF8.self))")
            }
        }
        let found = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(Set(found) == expected)
    }

    /// What every platform gets of the canonical event's examples: `Canonical/`, beside what is native in `Golden/`.
    ///
    /// The payload must fit the platform's own fields. Profiles that pass everything on show nothing here.
    @Test("the canonical event in every dialect", arguments: translating)
    func canonicalEvents(name: String) throws {
        let profile = try #require(Self.catalog.profile(named: name))
        let canonical = try #require(Self.catalog.profile(named: "lms"))
        let folder = Self.folder.deletingLastPathComponent().appendingPathComponent("Canonical/\(name)")
        if Self.isUpdating {
            try? FileManager.default.removeItem(at: folder)
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        }
        var expected: Set<String> = []
        for event in canonical.topics {
            guard let topic = profile.topic(event.topic) else { continue }
            for contentType in profile.contentTypes {
                let file = "\(event.topic).\(Self.ending(contentType))"
                let place = folder.appendingPathComponent(file)
                expected.insert(file)
                let data = event.example
                let request = try Self.request(topic, of: profile, as: contentType, named: event.topic, data: data)
                if Self.isUpdating { try request.write(to: place) }
                let golden = try? Data(contentsOf: place)
                #expect(golden == request, "\(name)/\(file): now \(String(decoding: request, as: UTF8.self))")
            }
        }
        let found = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(Set(found) == expected)
    }

    @Test("every profile's examples render without a problem", arguments: catalog.names)
    func examples(name: String) throws {
        let profile = try #require(Self.catalog.profile(named: name))
        #expect(TemplateChecker.check(profile: profile) == [])
    }

    private static func ending(_ contentType: ContentType) -> String {
        switch contentType {
        case .json: "json"
        case .xml: "xml"
        case .form: "form"
        }
    }

    /// Request line, headers, empty line and body, with lines ended as files end them and the product's version left out.
    private static func request(
        _ topic: ProfileTopic,
        of profile: Profile,
        as contentType: ContentType,
        named name: String,
        data: JSONValue
    ) throws -> Data {
        var subscription = Fixtures.subscription("golden", profile, as: contentType)
        // An envelope that picks its values by itself has no payload to compare: an event that serves it is enough.
        if topic.payload != nil || !profile.body.holdsPayload { subscription.schema = .enforce }
        subscription.secrets = profile.signature.map { [secret(for: $0)] } ?? []
        let event = try Event(
            topic: name,
            data: data.compactText,
            id: "evt_01GOLDEN",
            tenant: "school-42",
            occurredAt: Fixtures.time
        )
        let renderer = WebhookRenderer(subscriptions: [subscription])
        let rendered = renderer.render(event, for: [subscription])
        let renderedBody = try rendered.renderedBodies[0].get()
        let prepared = try renderer.request(
            for: Fixtures.attempt(event, mode: profile.policy.mode, contentType: renderedBody.contentType),
            to: subscription,
            body: rendered.bodies[renderedBody.body]
        )
        var text = "POST \(subscription.url.target) HTTP/1.1\n"
        for header in WebhookRenderer.wireHeaders(of: prepared.request) {
            text += "\(header.name): \(header.value.replacing(ProductVersion.current, with: "VERSION"))\n"
        }
        return Data(text.utf8) + Data("\n".utf8) + Data(prepared.request.body.bytes)
    }

    private static func secret(for scheme: SignatureScheme) -> Secret {
        switch scheme.kind {
        case .standardWebhooks: Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        default: Secret("golden-secret")
        }
    }
}
