/// The events that are emitted, by how they come.
enum Topic {
    /// Now.
    static let plain = "load.plain"
    /// Due a moment later, and perhaps cancelled before.
    static let later = "load.later"
    /// Within a host's transaction.
    static let hosted = "load.hosted"
    /// To a subscription whose body grows out of all bounds, or can't be rendered.
    static let poison = "load.poison"
}

/// The data of events: each names its event, so that a body can't be taken for another one's.
enum EventData {
    static func text(_ id: String, padding: Int = 0) -> String {
        #"{"marker":"<\#(id)>","text":"\#(String(repeating: "x", count: padding))"}"#
    }

    /// A long key above a long list: as a form, each element repeats the key.
    static func poison(_ id: String) -> String {
        let key = String(repeating: "k", count: 2000)
        let list = Array(repeating: "1", count: 5000).joined(separator: ",")
        return #"{"marker":"<\#(id)>","\#(key)":[\#(list)]}"#
    }

    /// Tells whether a body doesn't name another event; examples name none.
    static func belongs(_ body: [UInt8], to event: String) -> Bool {
        body.firstRange(of: Array(#""marker":"#.utf8)) == nil || body.firstRange(of: Array("<\(event)>".utf8)) != nil
    }
}
