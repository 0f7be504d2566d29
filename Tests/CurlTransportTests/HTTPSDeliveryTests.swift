import Foundation
import Testing
import WebhookCore
import Webhooks

/// From an emitted event to a recorded attempt over HTTPS, with an authority and a client certificate of the subscription's own.
@Suite struct HTTPSDeliveryTests {
    @Test(arguments: [("loopback", true), ("loopback", false), ("selfsigned", true)])
    func isDeliveredOverTLSOrRefused(_ certificate: String, _ knowsAuthority: Bool) async throws {
        let certificates = try TestCertificates.shared.get()
        let server = try RawServer.answering(RawServer.ok, tls: certificates.server(certificate, clientAuthority: true))
        let folder = certificates.folder + "/" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let authority = knowsAuthority ? "ca: ../authority.pem, " : ""
        try Data(
            """
            store: sqlite:webhooks.sqlite
            egress: { allow: ["127.0.0.1:\(server.port)"] }
            subscriptions:
              - name: secure
                url: https://127.0.0.1:\(server.port)/hook
                profile: braincert
                payload: { "**": $data }
                schema: off
                topics: ["**"]
                tls: { \(authority)certificate: ../client.pem, key: { file: ../client.key } }
            """.utf8
        ).write(to: URL(fileURLWithPath: folder + "/webhooks.yaml"))
        let dispatcher = try await WebhookDispatcher(configuration: .file(folder + "/webhooks.yaml", environment: [:]))
        try await dispatcher.emit(Event(topic: "course.created", data: #"{"id":1}"#))
        try await dispatcher.run(until: .idle)

        let delivery = try #require(try await dispatcher.deliveries().first)
        let attempt = try #require(try await dispatcher.attempts(of: delivery.id).first)
        if certificate == "loopback", knowsAuthority {
            #expect(delivery.state == .delivered)
            #expect(attempt.status == 200 && attempt.phases.tls != nil)
        } else {
            // Single-shot, and provably not sent.
            #expect(delivery.state == .failed && delivery.lastError == .tls)
            #expect(attempt.outcome == .failed && attempt.status == nil)
        }
    }
}
