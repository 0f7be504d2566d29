import GRDB
import Webhooks

extension Backend {
    /// The administrators' page: who gets what, and the newest deliveries.
    func adminPage() async throws -> String {
        let targets = try await database.read { db in try WebhookTarget.fetchAll(db) }
        let deliveries = try await webhooks.deliveries(DeliveryQuery(), limit: 50)
        let targetRows = targets.map { row([$0.name, $0.platform, $0.url, $0.topics]) }
        let deliveryRows = deliveries.map { delivery in
            let status = delivery.lastStatus.map { "\($0)" }
            let answer = status ?? delivery.lastError?.rawValue ?? ""
            return row([delivery.topic, delivery.subscription, delivery.state.rawValue, "\(delivery.attempts)", answer])
        }
        return """
            <!doctype html><html lang="en"><meta charset="utf-8"><title>Webhooks</title>
            <h1>Webhooks</h1>
            <table><tr><th>Name<th>Platform<th>URL<th>Topics</tr>\(targetRows.joined())</table>
            <h2>Deliveries</h2>
            <table><tr><th>Topic<th>To<th>State<th>Attempts<th>Answer</tr>\(deliveryRows.joined())</table>
            </html>
            """
    }

    private func row(_ cells: [String]) -> String {
        "<tr>" + cells.map { "<td>\(escaped($0))</td>" }.joined() + "</tr>"
    }

    private func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
