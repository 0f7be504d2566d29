import Foundation
import Testing
import WebhookCore

@testable import WebhookRendering

@Suite("Drafts in the store")
struct StoredDraftTests {
    private let time = Timestamp(milliseconds: 1_772_357_400_000)
    private let keys: SealingKeys
    private let newer: SealingKeys
    private let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    init() throws {
        let (first, second) = (SealingKeys.generateKey(), SealingKeys.generateKey())
        keys = try SealingKeys([first])
        newer = try SealingKeys([second, first])
    }

    private func row(_ draft: SubscriptionDraft) throws -> StoredSubscription {
        var row = StoredSubscription(id: "ep_1", name: "ep_1", definition: "", createdAt: time, updatedAt: time)
        try keys.write(draft, into: &row, at: time)
        return row
    }

    private var draft: SubscriptionDraft {
        var draft = SubscriptionDraft(name: "ep_1", url: "https://crm.example.com/p4th-token", topics: ["User.*"])
        draft.tenant = "school-42"
        draft.secrets = [Secret(secret)]
        return draft
    }

    @Test("a draft comes back as it was, and none of its secrets stands in the row")
    func roundTrip() throws {
        var draft = draft
        draft.hidesURL = true
        draft.authentication = .basic(username: "lms", password: Secret("passw0rd-of-crm"))
        draft.headers = [
            .init(name: "X-Key", value: .secret(Secret("header-s3cret"))), .init(name: "X-A", value: .plain("b")),
        ]
        let row = try row(draft)
        #expect(try keys.draft(of: row, at: time) == draft)
        #expect(row.tenant == "school-42")
        var dumped = ""
        dump(row, to: &dumped)
        for hidden in ["p4th-token", "passw0rd", "s3cret", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] {
            #expect(!dumped.contains(hidden) && !row.definition.contains(hidden))
        }
        #expect(row.definition.contains("X-A"))
    }

    @Test("a row's channels are its draft's")
    func channels() throws {
        var row = try row(draft)
        row.channels = ["x", "y"]
        var read = try keys.draft(of: row, at: time)
        #expect(read.channels == ["x", "y"])
        // They are the row's own: a draft that is written leaves them.
        read.channels = []
        try keys.write(read, into: &row, at: time)
        #expect(row.channels == ["x", "y"])
    }

    @Test("what is not secret is not sealed")
    func plain() throws {
        var draft = draft
        draft.secrets = nil
        let row = try row(draft)
        #expect(row.credentials == nil && row.signingSecrets == [])
        #expect(try keys.draft(of: row, at: time) == draft)
    }

    @Test("the secrets of one row don't open in another")
    func moved() throws {
        var row = try row(draft)
        row.id = "ep_2"
        #expect(throws: SealingError.damaged(row.signingPlace)) { try keys.draft(of: row, at: time) }
    }

    @Test("a rotation lets the old secret sign until its grace is over, the newest first")
    func rotation() throws {
        var row = try row(draft)
        let end = time + .seconds(60)
        try keys.rotate(&row, to: Secret("whsec_" + String(repeating: "B", count: 32)), graceEnd: end, at: time)
        let rotated = try keys.draft(of: row, at: time)
        #expect(rotated.secrets == [Secret("whsec_" + String(repeating: "B", count: 32))])
        #expect(rotated.retiringSecrets == [RetiringSecret(secret: Secret(secret), until: end)])
        #expect(try keys.draft(of: row, at: end).retiringSecrets == [])
        // The next one drops what has expired.
        let third = Secret("whsec_" + String(repeating: "C", count: 32))
        try keys.rotate(&row, to: third, graceEnd: end + .seconds(60), at: end)
        #expect(row.signingSecrets.map(\.expiresAt) == [nil, end + .seconds(60)])
        #expect(try keys.draft(of: row, at: end).secrets == [third])
    }

    @Test("a change without secrets keeps those that there are")
    func kept() throws {
        var row = try row(draft)
        var changed = draft
        changed.secrets = nil
        changed.topics = ["a.b"]
        try keys.write(changed, into: &row, at: time)
        let read = try keys.draft(of: row, at: time)
        #expect(read.topics == ["a.b"] && read.secrets == [Secret(secret)])
    }

    @Test("everything is sealed again with the first key, once")
    func reseal() throws {
        var draft = draft
        draft.authentication = .bearer(Secret("t0ken"))
        var row = try row(draft)
        #expect(try newer.reseal(&row))
        #expect(row.credentials?.keyID == newer.currentID)
        #expect(row.signingSecrets.map(\.sealed.keyID) == [newer.currentID])
        #expect(try newer.draft(of: row, at: time) == draft)
        #expect(try !newer.reseal(&row))
        #expect(throws: SealingError.unknownKey(id: newer.currentID)) { try keys.draft(of: row, at: time) }
    }
}
