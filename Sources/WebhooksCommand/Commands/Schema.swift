internal import ArgumentParser
internal import Webhooks

struct Schema: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints the JSON Schema (2020-12) of webhooks.yaml, for editors.",
        discussion: """
            An editor completes and checks the file by it: with `# yaml-language-server: $schema=webhooks.schema.json` as the \
            first line, or a `$schema` key. Keys that begin with `x-` are for notes and anchors, and mean nothing.

              webhooks schema > webhooks.schema.json
            """
    )

    @OptionGroup var options: OutputOptions
    @OptionGroup var unused: UnusedConfigurationOptions

    func run() { Output.standard.writeLine(WebhookConfiguration.schema) }
}
