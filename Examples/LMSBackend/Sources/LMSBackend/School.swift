import Foundation
import GRDB
import WebhooksGRDB

/// The school's business. Each change and the event that announces it are one transaction: both happen, or neither.
struct School: Sendable {
    let database: any DatabaseWriter
    let webhooks: WebhookDispatcher
    /// The time that a payment may take until it counts as abandoned.
    var patience: Duration = .seconds(3600)

    struct NotFound: Error {}

    func add(_ course: Course) async throws {
        try await database.write { db in try course.insert(db) }
    }

    func add(_ student: Student) async throws {
        try await database.write { db in try student.insert(db) }
    }

    /// - Returns: the enrolment's id.
    func enroll(student: Int64, in course: Int64) async throws -> Int64 {
        try await database.write { db in
            let (student, course) = try fetch(student, course, db)
            try db.execute(
                sql: "INSERT INTO enrolments (course, student) VALUES (?, ?)",
                arguments: [course.id, student.id]
            )
            let id = db.lastInsertedRowID
            let payload = CourseEnrollment(
                enrollment: .init(id: "\(id)", createdAt: .now),
                course: course.part,
                user: student.part
            )
            // The id makes it one event, whoever tries again.
            try webhooks.emit(Event(payload, id: "enrolment-\(id)"), in: db)
            return id
        }
    }

    /// Begins a payment, which is announced as abandoned unless it is completed in time.
    ///
    /// - Returns: the payment's id.
    func beginPayment(student: Int64, course: Int64, amount: String) async throws -> Int64 {
        try await database.write { db in
            let (student, course) = try fetch(student, course, db)
            try db.execute(
                sql: "INSERT INTO payments (course, student, amount) VALUES (?, ?, ?)",
                arguments: [course.id, student.id, amount]
            )
            let id = db.lastInsertedRowID
            let payload = PaymentAbandoned(
                payment: .init(id: "\(id)", currency: "INR", amount: amount, createdAt: .now),
                user: student.part,
                course: course.part
            )
            try webhooks.emit(Event(payload, id: "payment-\(id)-abandoned", deliverIn: patience), in: db)
            return id
        }
    }

    /// Completes a payment and takes back what would have been told of it.
    func completePayment(_ id: Int64) async throws {
        try await database.write { db in
            try db.execute(sql: "UPDATE payments SET completed = 1 WHERE id = ? AND NOT completed", arguments: [id])
            guard db.changesCount == 1 else { throw NotFound() }
            try webhooks.cancel("payment-\(id)-abandoned", in: db)
        }
    }

    private func fetch(_ student: Int64, _ course: Int64, _ db: Database) throws -> (Student, Course) {
        guard let student = try Student.fetchOne(db, key: student), let course = try Course.fetchOne(db, key: course)
        else { throw NotFound() }
        return (student, course)
    }
}
