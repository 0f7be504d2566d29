/// Keys as they may be shown: they are anybody's texts.
package enum ShownKey {
    /// A key of letters, digits and `_.*-`; another as `…`.
    package static func text(_ key: String) -> String {
        let isPlain =
            (1...256).contains(key.utf8.count)
            && key.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "_.*-".utf8.contains($0)
                }
            }
        return isPlain ? key : "…"
    }
}
