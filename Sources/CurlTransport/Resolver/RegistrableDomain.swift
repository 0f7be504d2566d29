/// The part of a name that its owner registered, by rule of thumb.
enum RegistrableDomain {
    /// The last two labels of a name; three where the last two look like a country's registry ("co.uk", "com.au").
    ///
    /// There is no list of public suffixes here, which would have to be kept up to date. Where the rule errs, names of
    /// several owners share one bound on concurrent lookups and take turns within it: some wait longer, none fails.
    static func of(_ host: String) -> Substring {
        let labels = host.split(separator: ".")
        guard labels.count > 2, let last = labels.last else { return host[...] }
        let isCountryRegistry = last.utf8.count == 2 && labels[labels.count - 2].utf8.count <= 3
        let first = labels[labels.count - (isCountryRegistry ? 3 : 2)]
        return host[first.startIndex..<last.endIndex]
    }
}
