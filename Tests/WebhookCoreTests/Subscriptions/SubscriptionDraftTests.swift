import Foundation
import Testing
import WebhookCore

/// Drafts as JSON: the form of a file's entry, and no secret by accident.
@Suite struct SubscriptionDraftTests {
    private static let full = #"""
        {"name":"crm","title":"CRM","url":{"secret":"https://hooks.example.com/canary"},"topics":["course.*"],"tenant":"t",\#
        "profile":"braincert","contentType":"application/xml",\#
        "basicAuth":{"username":"lms","password":"canary"},"secrets":["canary","canary2"],\#
        "headers":{"X-Env":"prod","X-Key":{"secret":"canary"}},"body":"<a/>",\#
        "payload":{"course.*":{"b":"data.b","a":"data.a"}},"filter":{"data.total":{"gte":100.50}},\#
        "vars":{"n":1},"schema":"off","tls":{"ca":"PEM","certificate":"PEM","key":"canary"},"httpVersion":"1.1","traceparent":true,"enabled":false,"delivery":{"timeout":"15s"}}
        """#

    @Test func thereAndBack() throws {
        let draft = try SubscriptionDraft(json: JSONValue(parsing: ByteString(Self.full)))
        #expect(draft.json.raw.text == Self.full)
        #expect(draft.hidesURL && draft.secrets?.count == 2 && draft.headers.count == 2 && draft.isEnabled == false)
        let other = try SubscriptionDraft(
            json: JSONValue(parsing: #"{"name":"a","url":"b","topics":["c"],"bearer":"d"}"#)
        )
        #expect(other.authentication == .bearer(Secret("d")) && other.isEnabled == nil && other.secrets == nil)
    }

    @Test("Secrets are encoded on an explicit wish alone")
    func secrets() throws {
        var draft = try SubscriptionDraft(json: JSONValue(parsing: ByteString(Self.full)))
        let encoder = JSONEncoder()
        let error = #expect(throws: EncodingError.self) { try encoder.encode(draft) }
        #expect(error.map { "\($0)" }?.contains("canary") == false)
        #expect(!"\(draft)".contains("canary") && !String(reflecting: draft).contains("canary"))
        var text = ""
        dump(draft, to: &text)
        #expect(!text.contains("canary"))
        let shown = try encoder.encode(draft.withoutSecrets)
        #expect(!String(decoding: shown, as: UTF8.self).contains("canary"))
        encoder.userInfo[SubscriptionDraft.revealsSecrets] = true
        let decoded = try JSONDecoder().decode(SubscriptionDraft.self, from: try encoder.encode(draft))
        // A decoder hands members out in no order; numbers are as it has them.
        draft.payload = ["course.*": ["a": "data.a", "b": "data.b"]]
        draft.filter = ["data.total": ["gte": 100.5]]
        #expect(decoded == draft)
    }

    @Test("What is no draft is refused with all its problems by key, and quotes nothing")
    func problems() throws {
        let json: JSONValue = [
            "name": ["canary"], "topics": "canary", "tpoic": "canary", "basicAuth": ["username": "u"],
            "bearer": "canary",
            "enabled": "canary", "headers": ["X": ["secret": ["canary"]]], "a b": 1,
        ]
        let error = #expect(throws: WebhooksError.self) { try SubscriptionDraft(json: json) }
        #expect(
            error?.diagnostics.compactMap(\.key) == [
                "tpoic", "…", "name", "topics", "bearer", "headers.X.secret", "enabled", "url",
            ]
        )
        #expect(error?.code == .configuration && error?.message.contains("canary") == false)
        #expect(throws: WebhooksError.self) { try SubscriptionDraft(json: "text") }
        #expect(throws: DecodingError.self) {
            let data = Data(#"{"name":"a","url":"b","topics":[],"x":1}"#.utf8)
            return try JSONDecoder().decode(SubscriptionDraft.self, from: data)
        }
    }

    @Test func values() throws {
        let value: JSONValue = ["b": [1, 2.5, true, nil, "é\n"], "a": ["c": []]]
        #expect(value.raw.text == #"{"b":[1,2.5,true,null,"é\n"],"a":{"c":[]}}"#)
        #expect(try JSON.parse(value.raw) == value)
        #expect(try JSON.parse("[1, 2]") == [1, 2])
        #expect(value != ["a": ["c": []], "b": [1, 2.5, true, nil, "é\n"]])
        let decoded = try JSONDecoder().decode(JSONValue.self, from: try JSONEncoder().encode(value))
        #expect(decoded == ["a": ["c": []], "b": [1, 2.5, true, nil, "é\n"]])
        let numbers = try JSONDecoder().decode(JSONValue.self, from: Data("[18446744073709551615,-1,0.1,1e300]".utf8))
        #expect(numbers.raw.text == "[18446744073709551615,-1,0.1,1e+300]")
    }
}
