import Testing
import WebhookCore
import Webhooks

@testable import WebhooksCommand

/// Advice about a store that fails.
@Suite struct StoreFailureTests {
    private func hint(_ code: StoreError.Code, _ remedy: Remedy? = nil) -> String? {
        var error = StoreError(code, "no")
        error.remedy = remedy
        return CommandFailure(WebhooksError(error) as any Error)?.hint
    }

    @Test func `what the error knows better than its code is said`() {
        for code in [StoreError.Code.readOnly, .damaged, .full, .missing] {
            #expect(hint(code) != nil && hint(code, .inMessage) == nil)
        }
        let server = hint(.damaged, .restoreDatabase)
        #expect(server?.contains("`webhooks doctor`") == true && server?.contains("-wal") == false)
    }

    @Test func `one that can be over is outlasted by what looks again`() {
        for code in [StoreError.Code.unavailable, .busy, .readOnly, .missing] {
            #expect(Outage.failure(WebhooksError(StoreError(code, "no")))?.message == "no")
        }
        for code in [StoreError.Code.damaged, .replaced, .newerSchema] {
            #expect(Outage.failure(WebhooksError(StoreError(code, "no"))) == nil)
        }
        #expect(Outage.failure(CancellationError()) == nil)
    }

    @Test func `a copy that one ends goes on, and says so once`() {
        func told(_ code: StoreError.Code, _ message: String) -> String? {
            (StoreCopyCommand.failure(WebhooksError(StoreError(code, message))) as? CommandFailure)?.hint
        }
        let words = "nothing is lost: the same command goes on where it was"
        #expect(told(.unavailable, "postgres://h/db: the server closed the connection") == words)
        #expect(told(.unavailable, "the copy was stopped, and \(words)") == nil)
        #expect(told(.damaged, "postgres://h/db is damaged") == nil)
    }
}
