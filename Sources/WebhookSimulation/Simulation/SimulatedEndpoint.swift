internal import WebhookCore
internal import WebhookInMemory

/// A receiver with moods.
struct SimulatedEndpoint {
    enum Mood: CaseIterable {
        case healthy, flaky, slow, dead, refusing, closing, limiting, gone, odd
    }

    var mood = Mood.healthy

    /// Picks the outcome of the next request.
    func response(_ random: inout SeededGenerator) -> (response: EndpointResponse, latency: Duration) {
        let quick = Duration.milliseconds(random.pick(1...80))
        switch mood {
        case .healthy:
            return (.ok, quick)
        case .flaky:
            let responses: [EndpointResponse] = [
                .ok, .ok, .status(500), .status(503), .disconnect, .staleConnection, .refused, .cutBody, .status(302),
            ]
            return (random.pick(responses) ?? .ok, quick)
        case .slow:
            return (.ok, .milliseconds(random.pick(500...7000)))
        case .dead:
            return (random.chance(50) ? .silence : .blackHole, .zero)
        case .refusing:
            return (random.pick([.refused, .unknownHost, .badCertificate]) ?? .refused, quick)
        case .closing:
            return (random.chance(50) ? .disconnect : .staleConnection, quick)
        case .limiting:
            let wait = random.pick(["1", "30", "7200", "999999999999", "soon", "-5"]) ?? "1"
            return (.status(429, headers: [HTTPHeader("retry-after", wait)]), quick)
        case .gone:
            return (random.chance(30) ? .status(410) : .status(500), quick)
        case .odd:
            return (random.pick([.garbage, .endlessHeaders, .status(404)]) ?? .garbage, quick)
        }
    }
}
