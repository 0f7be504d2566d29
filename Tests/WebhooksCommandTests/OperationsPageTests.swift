import Foundation
import Testing

/// The commands of `docs/operations.md` do what stands there, the drill of an outage among them.
@Suite(.timeLimit(.minutes(3))) struct OperationsPageTests {
    /// A command of the page, with what it is to print and its exit code.
    struct Step {
        var command: String
        var output: String
        var status: Int

        /// A comment says the code where it isn't 0.
        init(command: String, output: String) {
            let comment = command.firstMatch(of: /\ +# exits (\d+)$/)
            self.command = comment.map { String(command[..<$0.range.lowerBound]) } ?? command
            self.output = output
            status = comment.flatMap { Int($0.output.1) } ?? 0
        }
    }

    /// The page's sections with console blocks, each for a fresh folder and one shell.
    static func sections(of page: String) -> [(title: String, steps: [Step])] {
        page.split(separator: "\n## ").map { section in
            let title = section.prefix { $0 != "\n" }
            let steps = Documentation.blocks("console", in: String(section)).flatMap(Documentation.steps)
            return (String(title), steps.map { Step(command: $0.command, output: $0.output) })
        }
        .filter { !$0.steps.isEmpty }
    }

    /// A script that says before each step which one it is, and after it how it has ended.
    private static func script(_ steps: [Step]) -> String {
        let lines = steps.enumerated().flatMap { number, step in
            ["echo '@@ \(number)'", step.command, "echo \"@@ = $?\""]
        }
        return "trap 'kill $(jobs -p) 2>/dev/null' EXIT\nexec 2>&1\n" + lines.joined(separator: "\n") + "\n"
    }

    @Test(arguments: try OperationsPageTests.sections(of: Documentation.text("docs/operations.md")).map(\.title))
    func `each section's commands print what stands there`(title: String) throws {
        let page = try Documentation.text("docs/operations.md")
        let steps = try #require(Self.sections(of: page).first { $0.title == title }).steps
        let tour = try Tour()
        let drill = try #require(Documentation.blocks("yaml", in: page).first)
        let port = ":\(tour.port)"
        try tour.write("drill/webhooks.yaml", drill.joined(separator: "\n").replacing(":8787", with: port))
        try tour.write("section.sh", Self.script(steps).replacing("--port 8787", with: "--port \(tour.port)"))
        let printed = try tour.shell("timeout 120 bash section.sh").output
        for (number, step) in steps.enumerated() {
            let parts = printed.components(separatedBy: "@@ \(number)\n")
            let (output, rest) = try #require(
                parts.count == 2 ? Self.cut(parts[1], at: "@@ = ") : nil,
                "\(step.command) did not end:\n\(printed.suffix(2000))"
            )
            #expect(rest.prefix { $0 != "\n" } == "\(step.status)", "\(step.command) prints\n\(output)")
            let shown = Documentation.normalized(output, port: tour.port)
            #expect(Documentation.matches(shown, step.output), "\(step.command) prints\n\(shown)")
        }
    }

    private static func cut(_ text: String, at mark: String) -> (before: String, after: String)? {
        text.range(of: mark).map { (String(text[..<$0.lowerBound]), String(text[$0.upperBound...])) }
    }

    @Test func `the page has a drill, and every alert of the rules`() throws {
        let page = try Documentation.text("docs/operations.md")
        let titles = Self.sections(of: page).map(\.title)
        #expect(titles.contains("The drill: a receiver is down") && titles.count >= 7)
        let rules = try Documentation.text("docs/monitoring/alerts.yaml")
        let alerts = rules.matches(of: /- alert: (\w+)/).map { String($0.output.1) }
        #expect(alerts.count >= 10)
        for alert in alerts { #expect(page.contains("| `\(alert)` |"), "\(alert)") }
    }

    @Test func `every question of the README's table has a command that there is`() throws {
        let readme = try Documentation.text("README.md")
        let section = try #require(readme.components(separatedBy: "\n## Operating it\n").dropFirst().first)
        let rows = section.split(separator: "\n").prefix { !$0.hasPrefix("## ") }.filter {
            $0.hasPrefix("| ") && $0.contains("?")
        }
        #expect(rows.count == 8)
        let tour = try Tour()
        for row in rows {
            let commands = row.matches(of: /`webhooks ([a-z]+)/).map { String($0.output.1) }
            #expect(!commands.isEmpty || row.contains("`apt install"), "\(row)")
            for command in Set(commands) {
                #expect(try tour.shell("webhooks \(command) --help").status == 0, "\(command)")
            }
        }
    }
}
