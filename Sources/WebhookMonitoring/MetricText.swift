/// The metrics of one name.
enum MetricFamily {
    enum Kind: String {
        case counter, gauge, histogram
    }
}

/// The spelling of Prometheus' text format, version 0.0.4.
enum MetricText {
    /// The longest value of a label that is kept, in UTF-8.
    static let longestValue = 256

    static func header(_ name: String, _ help: String?, _ kind: MetricFamily.Kind, to text: inout String) {
        if let help { text += "# HELP \(name) \(escaped(help, quotes: false))\n" }
        text += "# TYPE \(name) \(kind.rawValue)\n"
    }

    static func line(_ name: String, _ labels: String, _ value: String, to text: inout String) {
        text += name
        text += labels
        text += " "
        text += value
        text += "\n"
    }

    /// A metric's name: what the format doesn't allow becomes `_`.
    static func name(_ label: String) -> String { identifier(label, allowsColon: true) }

    /// Labels in the order they came in, with braces; empty where there are none. Of two of one name the first counts.
    ///
    /// - Parameter isHistogram: whether `le` is the bucket's own.
    static func labels(_ dimensions: [(String, String)], isHistogram: Bool) -> String {
        var names: Set<String> = []
        var parts: [String] = []
        for (label, value) in dimensions {
            var name = identifier(label, allowsColon: false)
            // Names of two underscores are Prometheus' own, and a histogram's buckets have theirs.
            if name.hasPrefix("__") || (isHistogram && name == "le") { name = "exported_" + name.trimmingUnderscores }
            guard names.insert(name).inserted else { continue }
            parts.append("\(name)=\"\(escaped(cut(value), quotes: true))\"")
        }
        return parts.isEmpty ? "" : "{\(parts.joined(separator: ","))}"
    }

    /// A number: without a fraction where it has none.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        if let whole = Int64(exactly: value) { return String(whole) }
        return String(value)
    }

    private static func identifier(_ text: String, allowsColon: Bool) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "a"..."z", "A"..."Z", "_": result.append(scalar)
            case ":" where allowsColon: result.append(scalar)
            case "0"..."9":
                if result.isEmpty { result.append("_") }
                result.append(scalar)
            default: result.append("_")
            }
        }
        return result.isEmpty ? "_" : String(result)
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        guard
            text.utf8.contains(where: {
                $0 == UInt8(ascii: "\\") || $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\"")
            })
        else { return text }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result.append(contentsOf: "\\\\".unicodeScalars)
            case "\n": result.append(contentsOf: "\\n".unicodeScalars)
            case "\"" where quotes: result.append(contentsOf: "\\\"".unicodeScalars)
            default: result.append(scalar)
            }
        }
        return String(result)
    }

    /// A value within the limit, cut between characters.
    private static func cut(_ value: String) -> String {
        guard value.utf8.count > longestValue else { return value }
        var count = 0
        let kept = value.unicodeScalars.prefix { scalar in
            count += UTF8.width(scalar)
            return count <= longestValue
        }
        return String(kept)
    }
}

extension String {
    fileprivate var trimmingUnderscores: String { String(drop { $0 == "_" }) }
}
