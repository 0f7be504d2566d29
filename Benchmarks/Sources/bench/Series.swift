internal import Foundation

/// A figure, measured several times.
struct Series {
    let values: [Double]

    init(_ values: [Double]) {
        self.values = values.sorted()
    }

    var median: Double {
        guard !values.isEmpty else { return .nan }
        let middle = values.count / 2
        return values.count % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2
    }

    var lowest: Double { values.first ?? .nan }
    var highest: Double { values.last ?? .nan }

    /// Lowest and highest.
    func range(_ digits: Int) -> String { "\(lowest.short(digits))–\(highest.short(digits))" }

    /// Median, and in brackets lowest and highest.
    func text(_ digits: Int) -> String {
        values.count > 1 ? "\(median.short(digits)) (\(range(digits)))" : median.short(digits)
    }
}

extension Double {
    func short(_ digits: Int) -> String { isNaN ? "–" : String(format: "%.\(digits)f", self) }
}
