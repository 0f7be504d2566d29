import GRDB
import Hummingbird
import Webhooks

struct EnrolmentRequest: Decodable { var student: Int64 }
struct PaymentRequest: Decodable {
    var student: Int64
    var course: Int64
    var amount: String
}
struct Created: ResponseEncodable { var id: Int64 }

extension Backend {
    /// The HTTP interface. A real one asks who is calling before anything else.
    func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.post("courses") { request, context in
            try await school.add(try await request.decode(as: Course.self, context: context))
            return HTTPResponse.Status.created
        }
        router.post("students") { request, context in
            try await school.add(try await request.decode(as: Student.self, context: context))
            return HTTPResponse.Status.created
        }
        router.post("courses/:id/enrolments") { request, context in
            let course = try context.parameters.require("id", as: Int64.self)
            let body = try await request.decode(as: EnrolmentRequest.self, context: context)
            return try await found { Created(id: try await school.enroll(student: body.student, in: course)) }
        }
        router.post("payments") { request, context in
            let body = try await request.decode(as: PaymentRequest.self, context: context)
            return try await found {
                let id = try await school.beginPayment(student: body.student, course: body.course, amount: body.amount)
                return Created(id: id)
            }
        }
        router.post("payments/:id/completed") { _, context in
            let id = try context.parameters.require("id", as: Int64.self)
            try await found { try await school.completePayment(id) }
            return HTTPResponse.Status.noContent
        }
        router.get("admin") { _, _ in
            Response(
                status: .ok,
                headers: [.contentType: "text/html; charset=utf-8", .contentSecurityPolicy: "default-src 'none'"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: try await adminPage()))
            )
        }
        router.put("admin/webhooks/:name") { request, context in
            var target = try await request.decode(as: WebhookTarget.self, context: context)
            target.name = try context.parameters.require("name")
            // The library's own rules, with every problem by its key.
            let problems = await webhooks.check(target.draft).filter { $0.severity == .error }
            guard problems.isEmpty else {
                throw HTTPError(.unprocessableContent, message: problems.map(\.description).joined(separator: "\n"))
            }
            try await database.write { [target] db in try target.upsert(db) }
            // In force for the next event.
            try await webhooks.upsert(target.draft)
            return HTTPResponse.Status.noContent
        }
        return router
    }

    private func found<Value>(_ work: () async throws -> Value) async throws -> Value {
        do {
            return try await work()
        } catch is School.NotFound {
            throw HTTPError(.notFound)
        }
    }
}
