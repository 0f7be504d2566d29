import Testing
import WebhookCore

@Suite("What follows from an attempt whose delivery was cancelled meanwhile")
struct AttemptWriteTests {
    @Test("no retry, and what failed is cancelled; what has arrived or may have stays so")
    func ifCancelled() {
        typealias Next = AttemptWrite.Next
        #expect(Next.waiting(until: Timestamp(milliseconds: 1)).ifCancelled == .settled(.cancelled))
        #expect(Next.settled(.failed).ifCancelled == .settled(.cancelled))
        for state in [DeliveryState.delivered, .unknown, .cancelled] {
            #expect(Next.settled(state).ifCancelled == .settled(state))
        }
    }
}
