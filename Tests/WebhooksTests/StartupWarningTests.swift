import Testing
import WebhookCore
import WebhookSimulation
import Webhooks

/// What a dispatcher says of a configuration's warnings when it starts.
@Suite struct StartupWarningTests {
    @Test func `warnings about templates are counted, the others are told`() throws {
        let workspace = try TestEnvironment()
        try workspace.write("{\"a\":\"{{data.nowhere}}\",\"b\":\"{{data.neither}}\"}", to: "b.json.mustache")
        try workspace.write(
            """
            store: sqlite:store/webhooks.sqlite
            subscriptions:
              - name: crm
                url: https://crm.example.com/hook
                topics: [course.created]
                profile: braincert
                payload: { "**": $data }
                schema: off
                body: b.json.mustache
                delivery: { mode: single-shot, schedule: [5s] }
            """,
            to: "webhooks.yaml"
        )
        let report = workspace.configuration.load()
        #expect(report.isValid)
        let lines = report.startupWarnings(for: .commandLine)
        #expect(lines.count == 2 && report.diagnostics.count > 2, "\(report.diagnostics.map(\.description))")
        #expect(lines.first?.contains("`schedule` does nothing here") == true)
        #expect(lines.last == "2 warnings about templates; `webhooks validate` tells more")
    }
}
