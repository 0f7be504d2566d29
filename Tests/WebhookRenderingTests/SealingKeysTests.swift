import Foundation
import Testing
import WebhookCore

@testable import WebhookRendering

@Suite("Sealed secrets")
struct SealingKeysTests {
    private let first = Secret(Data(repeating: 1, count: 32).base64EncodedString())
    private let second = Secret(Data(repeating: 2, count: 32).base64EncodedString())
    private let place = SealedSecret.Place(table: "subscription_secrets", row: "ep_1", column: "secret/1")

    @Test("what is sealed opens at its place alone", arguments: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "ü", ""])
    func place(text: String) throws {
        let keys = try SealingKeys([first])
        let sealed = try keys.seal(Secret(text), for: place)
        #expect(try keys.open(sealed, at: place).reveal() == text)
        for change in [
            SealedSecret.Place(table: "subscription_headers", row: place.row, column: place.column),
            SealedSecret.Place(table: place.table, row: "ep_2", column: place.column),
            SealedSecret.Place(table: place.table, row: place.row, column: "secret/2"),
            SealedSecret.Place(table: place.table, row: "ep_1secret", column: "/1"),
        ] {
            #expect(throws: SealingError.damaged(change)) { try keys.open(sealed, at: change) }
        }
    }

    @Test("a byte that was changed, or is missing, is noticed")
    func damage() throws {
        let keys = try SealingKeys([first])
        let sealed = try keys.seal(Secret("topsecret"), for: place)
        for index in 0..<sealed.bytes.count {
            var bytes = sealed.bytes.bytes
            bytes[index] ^= 1
            let changed = SealedSecret(keyID: sealed.keyID, bytes: ByteString(bytes))
            #expect(throws: SealingError.damaged(place)) { try keys.open(changed, at: place) }
            let cut = SealedSecret(keyID: sealed.keyID, bytes: ByteString(Array(sealed.bytes.bytes.prefix(index))))
            #expect(throws: SealingError.damaged(place)) { try keys.open(cut, at: place) }
        }
    }

    @Test("the first key seals, all open, and a key that is missing is named")
    func rotation() throws {
        let old = try SealingKeys([first])
        let sealed = try old.seal(Secret("topsecret"), for: place)
        let both = try SealingKeys([second, first])
        #expect(both.ids == [both.currentID, old.currentID])
        #expect(try both.open(sealed, at: place) == Secret("topsecret"))
        let resealed = try both.seal(Secret("topsecret"), for: place)
        #expect(resealed.keyID == both.currentID && resealed.keyID != sealed.keyID)
        let new = try SealingKeys([second])
        #expect(try new.open(resealed, at: place) == Secret("topsecret"))
        #expect(throws: SealingError.unknownKey(id: sealed.keyID)) { try new.open(sealed, at: place) }
    }

    @Test("no two seals are alike, and nothing shows of the secret or the key")
    func opacity() throws {
        let keys = try SealingKeys([first])
        let seals = try (0..<50).map { _ in try keys.seal(Secret("topsecret"), for: place) }
        #expect(Set(seals.map(\.bytes)).count == seals.count)
        #expect(seals.allSatisfy { !String(decoding: $0.bytes.bytes, as: UTF8.self).contains("topsecret") })
        #expect("\(keys)" == "SealingKeys(\(keys.currentID))")
        #expect(keys.currentID.count == 16 && !first.reveal().contains(keys.currentID))
        // The bytes of the key don't stand among what a dump shows.
        var dumped = ""
        dump(keys, to: &dumped)
        #expect(dumped.split(separator: "\n").count == 3, "\(dumped)")
    }

    @Test("keys that are none, and the same one twice, are refused")
    func malformed() {
        #expect(throws: SealingError.noKey) { try SealingKeys([]) }
        let short = Secret(Data(repeating: 1, count: 31).base64EncodedString())
        for (bad, error) in [
            ([short], SealingError.malformedKey(1)), ([first, Secret("no base64!")], .malformedKey(2)),
            ([first, second, first], .repeatedKey(3)),
        ] {
            #expect(throws: error) { try SealingKeys(bad) }
            #expect(!"\(error)".contains(first.reveal()))
        }
    }

    @Test("what is generated is a key, and a token of 43 letters")
    func generated() throws {
        let keys = [SealingKeys.generateKey(), SealingKeys.generateKey()]
        #expect(try SealingKeys(keys).ids.count == 2)
        let token = SealingKeys.generateToken().reveal()
        #expect(token.count == 43 && token.allSatisfy { $0.isLetter || $0.isNumber || "-_".contains($0) })
    }
}
