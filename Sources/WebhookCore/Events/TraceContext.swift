/// The trace that an event was emitted in, as W3C's Trace Context writes it: carried in the event's row, and no part of its
/// content.
package struct TraceContext: Sendable, Hashable {
    /// `traceparent`, and behind a space `tracestate`, where there is one.
    private let text: String

    /// The longest `tracestate` that is carried, in bytes: what W3C asks for at least. A longer one is left out.
    package static let longestState = 512
    private static let parentLength = 55

    /// A context; `nil` where `traceparent` is none (version 00, or what a later version has in common with it).
    package init?(traceparent: String, tracestate: String? = nil) {
        guard Self.isValid(traceparent) else { return nil }
        let state = tracestate.flatMap { Self.isValidState($0) ? $0 : nil }
        text = state.map { "\(traceparent) \($0)" } ?? traceparent
    }

    /// A context as it was stored; `nil` where somebody has changed it to what is none.
    package init?(stored text: String) {
        let parts = text.split(separator: " ", maxSplits: 1).map(String.init)
        self.init(traceparent: parts.first ?? "", tracestate: parts.count > 1 ? parts[1] : nil)
    }

    /// As it is stored.
    package var stored: String { text }

    package var traceparent: String { String(text.utf8.prefix(Self.parentLength)) ?? "" }

    /// `nil`: none.
    package var tracestate: String? {
        text.utf8.count > Self.parentLength ? String(text.utf8.dropFirst(Self.parentLength + 1)) : nil
    }

    /// The headers that carry it.
    package var headers: [HTTPHeader] {
        [HTTPHeader("traceparent", traceparent)] + (tracestate.map { [HTTPHeader("tracestate", $0)] } ?? [])
    }

    /// `version-trace-parent-flags`, in lower-case hexadecimal, neither of the ids all zeros.
    private static func isValid(_ parent: String) -> Bool {
        let parts = parent.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.map(\.count) == [2, 32, 16, 2], !parts[0].elementsEqual("ff".utf8) else { return false }
        let isHex = { (byte: UInt8) in (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte) }
        let isZero = { (byte: UInt8) in byte == UInt8(ascii: "0") }
        return parts.allSatisfy { $0.allSatisfy(isHex) } && !parts[1].allSatisfy(isZero) && !parts[2].allSatisfy(isZero)
    }

    private static func isValidState(_ state: String) -> Bool {
        (1...longestState).contains(state.utf8.count) && state.utf8.allSatisfy { (0x20...0x7E).contains($0) }
            && state.utf8.first != 0x20 && state.utf8.last != 0x20
    }
}
