public import WebhookCore

/// A request as it came in, whole.
public struct ReceivedRequest: Sendable, Hashable {
    /// The request's number among the receiver's, from 1, in the order in which they were complete.
    public var number: Int
    /// The method as sent.
    public var method: String
    /// The request line's target: path and query.
    public var target: String
    /// The fields in order, values without the white space around them. A chunked body's trailers are left out.
    public var headers: [HTTPHeader]
    /// The body without its transfer coding.
    public var body: ByteString
    /// The time at which its last byte was read, on the wall clock.
    public var receivedAt: Timestamp
    /// The number of the receiver's connection that it came on, from 1.
    public var connection: Int
    /// The request's number on its connection, from 1: above 1 the connection was reused.
    public var numberOnConnection: Int
    /// The sender, such as `127.0.0.1:40312` or `[::1]:40312`.
    public var remote: String

    /// A field's value by name in any case; the first one where there are several.
    public func header(_ name: String) -> String? { headers(named: name).first }

    /// All values of a field by name in any case.
    public func headers(named name: String) -> [String] {
        let name = name.lowercased()
        return headers.filter { $0.name.lowercased() == name }.map(\.value)
    }
}
