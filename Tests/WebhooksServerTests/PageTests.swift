import Testing
import WebhookCore

@testable import WebhooksServer

/// A page tells where to go on: behind its last item, or behind the last row that was looked at.
@Suite struct PageTests {
    private func page(_ query: String, _ rows: [String], stop: String? = nil) throws -> String {
        let request = try PageRequest(QueryParameters("/?limit=2&\(query)"), descending: false) { _ in true }
        return Page(rows, request, stop: stop).value(key: \.self) { .string($0) }.encoded.validatedText ?? ""
    }

    @Test func `pages that are full, or the last`() throws {
        #expect(
            try page("", ["a", "b", "c"]) == #"{"data":["a","b"],"iterator":"b","prevIterator":"-a","done":false}"#
        )
        #expect(try page("", ["a", "b"]) == #"{"data":["a","b"],"iterator":"b","prevIterator":"-a","done":true}"#)
        #expect(try page("", []) == #"{"data":[],"iterator":null,"done":true}"#)
    }

    @Test func `pages whose search stopped before they were full`() throws {
        #expect(try page("", ["a"], stop: "k") == #"{"data":["a"],"iterator":"k","prevIterator":"-a","done":false}"#)
        #expect(try page("", [], stop: "k") == #"{"data":[],"iterator":"k","done":false}"#)
        #expect(
            try page("iterator=-z", ["y"], stop: "k")
                == #"{"data":["y"],"iterator":"y","prevIterator":"-k","done":false}"#
        )
        #expect(
            try page("iterator=-z", [], stop: "k") == #"{"data":[],"iterator":null,"prevIterator":"-k","done":false}"#
        )
        let full = #"{"data":["a","b"],"iterator":"b","prevIterator":"-a","done":false}"#
        #expect(try page("", ["a", "b", "c"], stop: "k") == full)
    }
}
