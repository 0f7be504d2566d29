internal import ArgumentParser
internal import CWebhooksCommit
internal import Glibc
internal import WebhookCore
internal import Webhooks

/// The command line: reads arguments, calls the library, prints. Decides nothing itself.
@main
struct WebhooksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhooks",
        abstract: "Sends webhooks: events in, HTTP requests out, every attempt on record.",
        discussion: """
            A first round, with a receiver on this machine in a second terminal:

              webhooks validate
              webhooks listen --secret-file config/secrets/standard.secret
              webhooks emit grade.released --data '{"id":7}'
              webhooks deliveries list

            Results go to stdout, logs and errors to stderr. Exit codes: 0 done and all delivered; 1 done, but a \
            delivery failed or waits, an id is unknown or a check is negative; 64 usage; 65 invalid configuration or \
            event; 69 the store is missing, locked, full or damaged; 70 a bug.

            --generate-completion-script bash, zsh or fish prints completions for a shell.
            """,
        version: BuildVersion.text,
        groupedSubcommands: [
            CommandGroup(
                name: "Setting up:",
                subcommands: [
                    Init.self, Validate.self, Diff.self, DoctorCommand.self, Schema.self, Topics.self, Render.self,
                    SendTest.self,
                    Listen.self,
                ]
            ),
            CommandGroup(
                name: "Sending:",
                subcommands: [Emit.self, Run.self, Serve.self, Cancel.self, Retry.self, Retrigger.self]
            ),
            CommandGroup(
                name: "Looking:",
                subcommands: [
                    Status.self, Stats.self, Nodes.self, Subscriptions.self, Events.self, Deliveries.self, Tail.self,
                    Match.self,
                    Export.self,
                ]
            ),
            CommandGroup(
                name: "Operating:",
                subcommands: [
                    Pause.self, Resume.self, Enable.self, Disable.self, Secrets.self, Reseal.self, Backup.self,
                    StoreCommand.self, Prune.self, Expunge.self, Check.self,
                ]
            ),
            CommandGroup(name: "Signatures:", subcommands: [KeyGen.self, Sign.self, Verify.self]),
        ]
    )

    static func main() async {
        StandardStreams.complete()
        // libcurl would make that file, although no keys get into it. Nobody else is there yet to look at the environment.
        unsetenv("SSLKEYLOGFILE")
        RunSignals.hold(for: CommandLine.arguments)
        await CommandRunner.run()
    }
}

/// The version of this very program.
enum BuildVersion {
    /// `0.1.0 (2e6c553a1b0c)`; without a repository `0.1.0 (unknown)`.
    static let text = "\(ProductVersion.current) (\(String(cString: webhooks_commit())))"
}
