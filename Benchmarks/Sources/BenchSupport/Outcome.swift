internal import Foundation

/// The measurements of a piece; one line of JSON on its standard output.
public struct Outcome: Codable, Sendable {
    /// The deliveries within the measured time.
    public var deliveries = 0
    /// Attempts or requests that failed.
    public var failures = 0
    public var seconds = 0.0
    /// The processor time of this process, in the measured time.
    public var cpuSeconds = 0.0
    /// Anything else, by name.
    public var more: [String: Double]?

    public init() {}

    public var perSecond: Double { Double(deliveries) / seconds }
    /// CPU of the sending process.
    public var microsecondsPerDelivery: Double { cpuSeconds * 1e6 / Double(max(1, deliveries)) }

    public subscript(_ name: String) -> Double {
        get { more?[name] ?? .nan }
        set { more = (more ?? [:]).merging([name: newValue]) { $1 } }
    }

    public func print() {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf",
            negativeInfinity: "-inf",
            nan: "nan"
        )
        guard let line = try? encoder.encode(self) else { fail("the outcome can't be written") }
        FileHandle.standardOutput.write(line + Data("\n".utf8))
    }
}
