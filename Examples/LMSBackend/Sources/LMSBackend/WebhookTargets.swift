import Foundation
import GRDB
import Webhooks

/// A row of the administrators' page: who gets which events, in which platform's words.
struct WebhookTarget: Codable, FetchableRecord, PersistableRecord, TableRecord {
    static let databaseTableName = "webhook_targets"
    var name: String
    /// The profile: `braincert`, `fellow`, `standard`, …
    var platform: String
    var url: String
    /// Separated by spaces.
    var topics: String
    var secret: String?
    /// A body of one's own instead of the platform's, as a Mustache template.
    var body: String?

    var draft: SubscriptionDraft {
        var draft = SubscriptionDraft(name: name, url: url, topics: topics.split(separator: " ").map(String.init))
        draft.profile = platform
        draft.secrets = secret.map { [Secret($0)] }
        if let body {
            draft.body = JSONValue(stringLiteral: body)
            draft.contentType = "application/xml"
        }
        return draft
    }

    /// All of them, for a start. Where another process changes the table, `follow(_:)` of the dispatcher takes an observation.
    static func drafts(_ db: Database) throws -> [SubscriptionDraft] { try fetchAll(db).map(\.draft) }
}
