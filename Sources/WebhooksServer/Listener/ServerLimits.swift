/// The bounds of what strangers may cost the listener.
package struct ServerLimits: Sendable {
    /// The most connections at once. Before there are as many, those are closed that wait for their other side.
    package var connections = 12_000
    /// The most requests at once; more are answered with 429.
    package var requests = 512
    /// The most bytes of bodies at once; more are answered with 429.
    package var bodyBytes = 256 << 20
    /// The tokens of one application may have either divided by this.
    package var shares = 8
    /// The most bytes of answers at once that nobody takes: beyond, connections are closed.
    package var answerBytes = 128 << 20
    /// The most bytes that are read of a connection before their turn.
    package var readAhead = 256 << 10
    /// The bytes that the system keeps for a connection, in either direction.
    package var socketBuffer = 256 << 10
    /// The most bytes of a header's field, and of all.
    package var headerField = 16 << 10
    package var headers = 32 << 10
    package var headerCount = 100
    /// The longest target of a request.
    package var target = 16 << 10
    /// The longest that a connection may be idle.
    package var idle: Duration = .seconds(60)
    /// The longest that the head of a request may take from its first byte.
    package var head: Duration = .seconds(10)
    /// The longest that a request's body may take.
    package var body: Duration = .seconds(30)
    /// The longest that the other side may take nothing of an answer.
    package var write: Duration = .seconds(30)
    /// The longest that the other side may take to end after the last answer.
    package var linger: Duration = .seconds(2)
    /// The longest that requests may take to end after the listener has begun to stop.
    package var stop: Duration = .seconds(5)
    /// Threads that read, answer and write; `nil`: as many as the machine has processors, but two at least.
    package var threads: Int?

    package init() {}
}
