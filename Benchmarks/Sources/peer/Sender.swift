internal import AsyncHTTPClient
internal import BenchSupport
internal import NIOCore
internal import Synchronization

/// Posts the same request over and over.
final class Sender: Sendable {
    private let client: HTTPClient
    private let targets: Targets
    private let template: HTTPClientRequest

    init(client: HTTPClient, file: RequestFile, targets: Targets) {
        self.client = client
        self.targets = targets
        var request = HTTPClientRequest(url: targets.urls[0])
        request.method = .POST
        for header in file.headers { request.headers.add(name: header.name, value: header.value) }
        request.body = .bytes(ByteBuffer(bytes: file.body))
        template = request
    }

    /// Sends the given number of requests by the given number of tasks, each of which reads an answer before it sends the next.
    func send(_ count: Int, tasks: Int) async throws -> Outcome {
        let next = Counter()
        let failures = Counter()
        try await withThrowingTaskGroup { group in
            for _ in 0..<tasks {
                group.addTask { [self] in
                    var request = template
                    while case let number = next.take(), number < count {
                        request.url = targets.urls[number % targets.urls.count]
                        let response = try await client.execute(request, timeout: .seconds(15))
                        _ = try await response.body.collect(upTo: 1 << 20)
                        if response.status.code / 100 != 2 { _ = failures.take() }
                    }
                }
            }
            try await group.waitForAll()
        }
        var outcome = Outcome()
        outcome.failures = failures.value
        outcome.deliveries = count - outcome.failures
        return outcome
    }
}

/// Counts up, from any task.
final class Counter: Sendable {
    private let atomic = Atomic<Int>(0)

    /// The number before.
    func take() -> Int { atomic.wrappingAdd(1, ordering: .relaxed).oldValue }

    var value: Int { atomic.load(ordering: .relaxed) }
}
