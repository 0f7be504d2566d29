internal import ArgumentParser
internal import WebhookCore
internal import Webhooks

struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Checks the store's integrity.",
        discussion: """
            Reads everything. Exits 69 where the file is damaged, 1 where rows contradict each other.

              webhooks check
            """
    )

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let log = try options.openLog().log
        let problems: [String]
        do throws(WebhooksError) {
            problems = try await log.integrityProblems()
        } catch  where error.store?.code == .damaged {
            if options.json { report([error.message]) }
            throw error
        }
        report(problems)
        if !problems.isEmpty { throw ExitStatus.negative }
    }

    private func report(_ problems: [String]) {
        if options.json {
            let object: JSONOutput = ["ok": .bool(problems.isEmpty), "problems": .strings(problems)]
            return object.write()
        }
        for problem in problems { Output.standard.writeLine(PlainText.escaped(problem)) }
        Output.standard.writeLine(problems.isEmpty ? "ok" : Counted.text(problems.count, "problem"))
    }
}
