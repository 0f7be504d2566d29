import Foundation
import Webhooks

// What the school tells others, in the shape of the canonical events: `webhooks topics show course.enrollment`. Each platform's
// own payload is made of these by its profile.

struct CoursePart: Encodable {
    var id: String
    var name: String
    var slug: String
}

struct UserPart: Encodable {
    var id: String
    var name: String
    var email: String
}

struct CourseEnrollment: EventPayload {
    static let topic = "course.enrollment"

    struct EnrollmentPart: Encodable {
        var id: String
        var createdAt: Date
    }

    var enrollment: EnrollmentPart
    var course: CoursePart
    var user: UserPart
}

/// Due an hour after a payment has begun, unless it was completed by then.
struct PaymentAbandoned: EventPayload {
    static let topic = "payment.abandoned"

    struct PaymentPart: Encodable {
        var id: String
        var currency: String
        /// A decimal number as text.
        var amount: String
        var createdAt: Date
    }

    var payment: PaymentPart
    var user: UserPart
    var course: CoursePart
}
