/// Health, as the client libraries ask for it: 204, without a token.
enum HealthOperations {
    static let all: [Operation] = [
        Operation("v1.health.get", "GET", "/api/v1/health", .open) { _ in .empty },
        Operation("v1.health.ping", "GET", "/api/v1/health/ping", .open) { _ in .empty },
    ]
}
