import Testing
import WebhookCore
import Webhooks

@testable import WebhooksCommand

/// Advice about a store that fails.
@Suite struct StoreFailureTests {
    private func hint(_ code: StoreError.Code, _ message: String) -> String? {
        CommandFailure(WebhooksError(StoreError(code, message)) as any Error)?.hint
    }

    @Test(arguments: [StoreError.Code.readOnly, .damaged, .full]) func `a server's has no advice about files`(
        code: StoreError.Code
    ) {
        #expect(hint(code, "postgres://me@h:5432/db: no")?.contains("file") != true)
        #expect(hint(code, "/var/lib/webhooks.sqlite: no") != nil)
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
