import Foundation
import GRDB
import WebhooksGRDB

struct Course: Codable, FetchableRecord, PersistableRecord, TableRecord {
    static let databaseTableName = "courses"
    var id: Int64
    var name: String
    var slug: String

    var part: CoursePart { CoursePart(id: "\(id)", name: name, slug: slug) }
}

struct Student: Codable, FetchableRecord, PersistableRecord, TableRecord {
    static let databaseTableName = "students"
    var id: Int64
    var name: String
    var email: String

    var part: UserPart { UserPart(id: "\(id)", name: name, email: email) }
}

enum Tables {
    /// The host's migrations, and before them those of the webhooks.
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerWebhooks()
        migrator.registerMigration("school") { db in
            try db.create(table: "courses") { table in
                table.primaryKey("id", .integer)
                table.column("name", .text).notNull()
                table.column("slug", .text).notNull().unique()
            }
            try db.create(table: "students") { table in
                table.primaryKey("id", .integer)
                table.column("name", .text).notNull()
                table.column("email", .text).notNull()
            }
            try db.create(table: "enrolments") { table in
                table.autoIncrementedPrimaryKey("id")
                table.column("course", .integer).notNull().references("courses")
                table.column("student", .integer).notNull().references("students")
                table.uniqueKey(["course", "student"])
            }
            try db.create(table: "payments") { table in
                table.autoIncrementedPrimaryKey("id")
                table.column("course", .integer).notNull().references("courses")
                table.column("student", .integer).notNull().references("students")
                table.column("amount", .text).notNull()
                table.column("completed", .boolean).notNull().defaults(to: false)
            }
            try db.create(table: "webhook_targets") { table in
                table.primaryKey("name", .text)
                table.column("platform", .text).notNull()
                table.column("url", .text).notNull()
                table.column("topics", .text).notNull()
                table.column("secret", .text)
                table.column("body", .text)
            }
        }
        return migrator
    }
}
