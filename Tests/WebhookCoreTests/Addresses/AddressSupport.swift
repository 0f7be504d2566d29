import Testing
import WebhookCore

/// An address that the test itself spells.
func address(_ text: String) throws -> IPAddress {
    let read = IPAddress(text)
    return try #require(read)
}
