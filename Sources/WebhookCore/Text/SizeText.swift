/// Sizes in bytes, as people read them.
package enum SizeText {
    /// `12 KiB`, `3.4 GiB`: two digits that count, and no more than is there.
    package static func short(_ bytes: Int64) -> String {
        if bytes < 1024 { return "\(bytes) B" }
        var (value, unit) = (bytes * 10 / 1024, 0)
        let units = ["KiB", "MiB", "GiB", "TiB"]
        while value >= 10_240, unit < units.count - 1 { (value, unit) = (value / 1024, unit + 1) }
        return value >= 100 ? "\(value / 10) \(units[unit])" : "\(value / 10).\(value % 10) \(units[unit])"
    }
}
