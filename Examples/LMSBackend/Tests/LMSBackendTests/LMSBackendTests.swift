import Foundation
import GRDB
import Testing
import WebhooksGRDB
import WebhooksTesting

@testable import LMSBackend

@Suite(.serialized) final class LMSBackendTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lms-\(UUID().uuidString)")
    private var database: String { folder.appendingPathComponent("lms.sqlite").path }

    init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private static let xml = "<enrolment student=\"{{data.user.id}}\"><course>{{data.course.name}}</course></enrolment>"

    private static let secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"

    private func prepare(_ server: Server, _ targets: [(name: String, platform: String, url: String, body: String?)])
        async throws
    {
        for target in targets {
            var row = ["platform": target.platform, "url": target.url, "topics": "course.enrollment", "name": ""]
            row["body"] = target.body
            if target.platform == "lms" { row["secret"] = Self.secret }
            let json = String(decoding: try JSONEncoder().encode(row), as: UTF8.self)
            let answer = try await server.send("PUT", "/admin/webhooks/\(target.name)", json)
            try #require(answer.status == 204, "\(answer)")
        }
        try await server.send("POST", "/courses", #"{"id":318,"name":"Algorithms & more","slug":"algorithms"}"#)
        try await server.send("POST", "/students", #"{"id":7,"name":"Meera Nair","email":"meera@example.com"}"#)
    }

    @Test("an enrolment reaches three platforms, each in its own words")
    func threePlatforms() async throws {
        let receivers = try (0..<3).map { _ in try Receiver(responses: [.noContent]) }
        let server = try Server(database: database)
        try await prepare(
            server,
            [
                ("braincert", "braincert", receivers[0].url, nil), ("fellow", "fellow", receivers[1].url, nil),
                ("legacy", "lms", receivers[2].url, Self.xml),
            ]
        )
        let answer = try await server.send("POST", "/courses/318/enrolments", #"{"student":7}"#)
        #expect(answer.status == 200)
        var bodies: [String] = []
        for receiver in receivers { bodies.append(try await receiver.waitForRequests(count: 1)[0].body.text) }
        #expect(bodies[0].contains(#""resource":"course_enrollment""#))
        #expect(bodies[1] == "courseId=318&memberId=7&event=COURSEMEMBER_CREATED")
        #expect(bodies[2].hasSuffix("<enrolment student=\"7\"><course>Algorithms &amp; more</course></enrolment>"))
        #expect(receivers[2].requests[0].header("Content-Type")?.hasPrefix("application/xml") == true)

        let page = try await server.send("GET", "/admin")
        #expect(page.body.contains("course.enrollment"))
        server.stop()
    }

    @Test("a kill between the commit and the delivery loses nothing")
    func kill() async throws {
        let deaf = try Receiver(responses: [.noContent.after(.seconds(60))])
        let server = try Server(database: database)
        // BrainCert is called once, so a kill in between would leave its delivery unknown; this one is retried.
        try await prepare(server, [("crm", "lms", deaf.url, nil)])
        let answer = try await server.send("POST", "/courses/318/enrolments", #"{"student":7}"#)
        #expect(answer.status == 200)
        server.kill()
        deaf.stop()

        let receiver = try Receiver(responses: [.noContent])
        let school = try DatabaseQueue(path: database)
        try await school.write { db in
            try db.execute(sql: "UPDATE webhook_targets SET url = ?", arguments: [receiver.url])
        }
        try school.close()
        let next = try Server(database: database)
        let request = try await receiver.waitForRequests(count: 1)[0]
        #expect(request.header("webhook-id") == "enrolment-1")
        next.stop()
    }

    @Test("a target that the rules refuse is refused with all its problems")
    func refusedTarget() async throws {
        let server = try Server(database: database)
        let row = #"{"name":"","platform":"brain","url":"ftp://x","topics":"corse created"}"#
        let answer = try await server.send("PUT", "/admin/webhooks/crm", row)
        #expect(answer.status == 422)
        for key in ["profile", "url"] { #expect(answer.body.contains(key)) }
        server.stop()
    }

    @Test("an abandoned payment is told of, a completed one is not")
    func payments() async throws {
        let receiver = try Receiver(responses: [.noContent])
        let egress = try EgressPolicy(allow: ["127.0.0.0/8"])
        let backend = try await Backend(path: database, egress: egress)
        let target = WebhookTarget(
            name: "crm",
            platform: "lms",
            url: receiver.url,
            topics: "payment.*",
            secret: Self.secret
        )
        try await backend.webhooks.upsert(target.draft)
        let delivering = Task { try await backend.webhooks.run() }
        var school = backend.school
        try await school.add(Course(id: 318, name: "Algorithms", slug: "algorithms"))
        try await school.add(Student(id: 7, name: "Meera Nair", email: "meera@example.com"))

        // An hour to complete the one, no time at all for the other.
        let completed = try await school.beginPayment(student: 7, course: 318, amount: "2499.00")
        try await school.completePayment(completed)
        school.patience = .zero
        let abandoned = try await school.beginPayment(student: 7, course: 318, amount: "2499.00")

        let request = try await receiver.waitForRequests(count: 1)[0]
        #expect(request.header("webhook-id") == "payment-\(abandoned)-abandoned")
        backend.webhooks.shutDown()
        try await delivering.value
        #expect(receiver.requestCount == 1)
        await #expect(throws: School.NotFound.self) { try await school.completePayment(completed) }
    }

    @Test("what is rolled back was never announced")
    func rollback() async throws {
        let backend = try await Backend(path: database)
        try await backend.school.add(Course(id: 318, name: "Algorithms", slug: "algorithms"))
        try await backend.school.add(Student(id: 7, name: "Meera Nair", email: "meera@example.com"))
        _ = try await backend.school.enroll(student: 7, in: 318)
        // A second enrolment breaks a constraint.
        await #expect(throws: DatabaseError.self) { _ = try await backend.school.enroll(student: 7, in: 318) }
        #expect(try await backend.webhooks.log.events().map(\.id) == ["enrolment-1"])
    }
}
