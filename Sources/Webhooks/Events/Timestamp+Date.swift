public import WebhookCore

public import struct Foundation.Date

extension Timestamp {
    /// A date to the millisecond; `nil` for one outside the years 0001 to 9999.
    public init?(_ date: Date) {
        let milliseconds = (date.timeIntervalSince1970 * 1000).rounded()
        // A date that is no number compares with nothing.
        guard milliseconds >= Double(Self.firstMillisecond), milliseconds <= Double(Self.lastMillisecond) else {
            return nil
        }
        self.init(milliseconds: Int64(milliseconds))
    }

    /// The same time as Foundation has it.
    public var date: Date { Date(timeIntervalSince1970: Double(milliseconds) / 1000) }
}
