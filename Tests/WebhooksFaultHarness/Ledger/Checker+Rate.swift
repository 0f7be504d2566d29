extension Checker {
    /// No ten seconds have more requests than the limit allows, but for those that a busy machine holds up for a second and
    /// hands over with the next.
    func paced() -> [Violation] {
        promises.compactMap { promise in
            guard let rate = promise.rate else { return nil }
            let times = history.requests.filter { $0.subscription == promise.name }.map(\.at)
            let most = Int(
                (Double(rate.count) * (Self.window + .seconds(1)).seconds / Double(rate.seconds)).rounded(.up)
            )
            var first = 0
            for (index, at) in times.enumerated() {
                while times[first] <= at - Self.window { first += 1 }
                let count = index - first + 1
                guard count > most + 1 else { continue }
                return Violation(
                    .hurried,
                    "\(promise.name) got \(count) within \(Self.window), and not \(most) by \(at)"
                )
            }
            return nil
        }
    }

    private static let window = Duration.seconds(10)
}

extension Duration {
    fileprivate var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
