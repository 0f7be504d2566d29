import Foundation
import Logging
import Synchronization
import Testing
import WebhookCore

@testable import WebhooksServer

/// An operator is told of a store that fails requests.
@Suite struct StoreOutageTests {
    private final class Lines: LogHandler, Sendable {
        let lines = Mutex<[String]>([])
        var metadata: Logger.Metadata {
            get { [:] }
            set {}
        }
        var logLevel: Logger.Level {
            get { .trace }
            set {}
        }
        subscript(metadataKey _: String) -> Logger.Metadata.Value? {
            get { nil }
            set {}
        }

        func log(event: LogEvent) {
            lines.withLock { $0.append("\(event.level) \(event.message) \(event.metadata ?? [:])") }
        }

        /// The lines since the last look.
        func news() -> [String] {
            lines.withLock { lines in
                defer { lines = [] }
                return lines
            }
        }
    }

    private static func at(_ seconds: Int) -> Timestamp {
        Timestamp(milliseconds: 1_700_000_000_000) + .seconds(seconds)
    }
    private static let gone = StoreError(.unavailable, "no connection to webhooks at db.example")

    @Test func `an outage is told once with its cause, and once when it is over`() {
        let log = Lines()
        let outage = StoreOutage(Logger(label: "test") { _ in log })
        outage.worked(isChange: true, at: Self.at(0))
        for second in 1..<50 { outage.failed(Self.gone, isChange: second % 2 == 0, at: Self.at(second)) }
        let began = log.news()
        #expect(began.count == 1 && began[0].hasPrefix("warning the store does not work"))
        #expect(began[0].contains("no connection to webhooks at db.example"))
        outage.worked(isChange: false, at: Self.at(50))
        outage.worked(isChange: true, at: Self.at(51))
        let over = log.news()
        #expect(over.count == 1 && over[0].hasPrefix("notice the store works again"))
        #expect(over[0].contains(#""refused": 49"#) && over[0].contains(#""seconds": 49"#), "\(over)")
    }

    @Test func `upkeep that fails every minute is told of once, and once when it is over`() {
        let log = Lines()
        let outage = StoreOutage(Logger(label: "test") { _ in log }, of: .upkeep)
        for minute in 0..<30 { outage.failed(Self.gone, isChange: true, at: Self.at(60 * minute)) }
        let began = log.news()
        #expect(began.count == 1 && began[0].contains("background tasks wait"), "\(began)")
        outage.worked(isChange: true, at: Self.at(1_800))
        outage.worked(isChange: true, at: Self.at(1_860))
        let over = log.news()
        #expect(over.count == 1 && over[0].hasPrefix("notice the store works again: background tasks go on"))
    }

    @Test func `a store that comes and goes is told of once a minute`() {
        let log = Lines()
        let outage = StoreOutage(Logger(label: "test") { _ in log })
        for second in 0..<59 {
            outage.failed(Self.gone, isChange: true, at: Self.at(second))
            outage.worked(isChange: true, at: Self.at(second))
        }
        #expect(log.news().count == 2)
        // It stays away now.
        outage.failed(Self.gone, isChange: true, at: Self.at(59))
        #expect(log.news().isEmpty)
        outage.failed(Self.gone, isChange: true, at: Self.at(60))
        #expect(log.news().count == 1)
    }

    @Test func `what can be read may not be changed still`() {
        let log = Lines()
        let outage = StoreOutage(Logger(label: "test") { _ in log })
        outage.failed(StoreError(.full, "no room"), isChange: true, at: Self.at(0))
        #expect(log.news().count == 1)
        outage.worked(isChange: false, at: Self.at(1))
        #expect(log.news().isEmpty)
        outage.worked(isChange: true, at: Self.at(2))
        #expect(log.news().count == 1)
    }

    @Test func `a client is told to try again, and nothing of the cause`() {
        var error = Self.gone
        let response = APIError(error).response
        #expect(response.status == 503 && response.headers.contains { $0 == ("Retry-After", "5") })
        #expect(!response.bytes.text.contains("db.example") && response.bytes.text.contains("nothing was changed"))
        error.isOutcomeUnknown = true
        #expect(APIError(error).detail.contains("not known whether"))
        #expect(APIError(StoreError(.damaged, "x")).response.status == 500)
    }

    @Test func `while the store answers nothing, requests are refused at once, but for those that need none`()
        async throws
    {
        let served = try await ServedStore()
        served.dispatcher.note(isStoreSilent: true)
        for (method, body) in [("GET", ""), ("POST", #"{"name":"A"}"#)] {
            let answer = await served.send(method, "/app", body)
            #expect(answer.status == 503 && answer["code"] == "unavailable", "\(method): \(answer.text)")
        }
        #expect(await served.send("GET", "/health").status != 401)
        served.dispatcher.note(isStoreSilent: false)
        #expect(await served.send("GET", "/app").status == 200)
    }
}
