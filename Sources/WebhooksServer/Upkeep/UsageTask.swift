internal import WebhookCore

/// The applications whose messages are to be counted, as the task that does it keeps them.
struct UsageRequest: Sendable {
    /// The most applications that a request may name.
    static let mostApplications = 1000

    var since: Timestamp
    /// Before this.
    var until: Timestamp
    /// Their ids; `nil`: all.
    var applications: [String]?

    init(since: Timestamp, until: Timestamp, applications: [String]?) {
        (self.since, self.until, self.applications) = (since, until, applications)
    }

    /// Reads what ``text`` has written.
    init?(_ text: String) {
        guard let value = try? JSON.parse(ByteString(text)), case .number(let since)? = value["since"]?.kind,
            case .number(let until)? = value["until"]?.kind, let since = Int64(since), let until = Int64(until)
        else { return nil }
        (self.since, self.until) = (Timestamp(milliseconds: since), Timestamp(milliseconds: until))
        applications = value["applications"]?.array?.compactMap(\.string)
    }

    var text: String {
        let value: APIValue = [
            "since": .integer(Int(since.milliseconds)), "until": .integer(Int(until.milliseconds)),
            "applications": .list(applications),
        ]
        return value.encoded.text
    }
}

/// Counts the messages of applications. Where it is cut off it starts again: it changes nothing.
struct UsageTask: Sendable {
    let claimed: ClaimedTask
    let request: UsageRequest

    func run() async throws -> TaskResult {
        var counts: [APIValue] = []
        if let applications = request.applications {
            for id in applications {
                // One that was deleted meanwhile has no messages to be asked for.
                guard let application = try await claimed.store.application(id) else { continue }
                counts.append(try await count(application))
            }
        } else {
            var walk = PageWalk(limit: 250)
            while true {
                let page = try await claimed.store.applications(walk)
                for application in page { counts.append(try await count(application)) }
                guard page.count == walk.limit, let last = page.last else { break }
                walk.from = last.id
            }
        }
        return TaskResult(.finished, ["appStats": .array(counts)])
    }

    private func count(_ application: Application) async throws -> APIValue {
        try await claimed.renew()
        var query = MessageQuery(application)
        (query.after, query.before) = (request.since - .milliseconds(1), request.until)
        let usage = try await claimed.store.usage(query)
        return [
            "appId": .string(application.id), "appUid": .text(application.uid),
            "messageDestinations": .integer(usage.destinations), "messages": .integer(usage.messages),
        ]
    }
}
