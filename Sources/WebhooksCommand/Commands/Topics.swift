internal import ArgumentParser
internal import Glibc
internal import WebhookCore
internal import Webhooks

struct Topics: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The catalogue of topics.",
        subcommands: [TopicsList.self, TopicsShow.self],
        defaultSubcommand: TopicsList.self
    )

    /// The configuration's profiles; without a file the built-in ones.
    static func catalog(_ options: ConfigurationOptions) throws -> TopicCatalog {
        let path = options.path
        guard path.isGiven || access(path.text, F_OK) == 0 else { return TopicCatalog() }
        // A mistake in a subscription, or a secret that can't be read, is no reason not to show the topics.
        return options.configuration.topics()
    }
}

struct TopicsList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists the topics of all profiles, or of one.",
        discussion: """
            Topics that a platform does not publish itself are marked as inferred.

              webhooks topics list --profile thinkific
            """
    )

    @Option(help: "Only this profile's.", completion: KnownCompletion.profiles)
    var profile: String?

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        let entries = try Topics.catalog(options).entries(profile: profile)
        if options.json {
            for entry in entries { TopicOutput.json(entry).write() }
            return
        }
        var table = Table([
            .init("TOPIC", flexible: true), .init("PROFILE"), .init("TITLE", flexible: true),
            .init("ON THE WIRE", flexible: true, sacrifice: 1), .init("SOURCE", sacrifice: 2),
        ])
        for entry in entries {
            let topic = entry.topic
            table.add([
                .init(topic.topic), .init(entry.profile.name), .init(topic.title), .init(TopicOutput.wire(topic)),
                .init(topic.isDocumented ? "documented" : "inferred", topic.isDocumented ? .plain : .doubtful),
            ])
        }
        table.write()
    }
}

struct TopicsShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows what triggers a topic, its fields, an example, its schema.",
        discussion: """
            Without --profile: as an application is advised to emit it (the profile lms), whoever receives it.

              webhooks topics show course.enrollment
              webhooks topics show course.enrollment --profile braincert
              webhooks topics show course.created --profile braincert --typescript > c.ts
            """
    )

    @Argument(help: "Such as course.created.", completion: KnownCompletion.topics)
    var topic: String

    @Option(help: "Whose; profiles differ in fields and names.", completion: KnownCompletion.profiles)
    var profile: String?

    @Flag(help: "Prints the JSON Schema (2020-12) of its data alone.")
    var schema = false

    @Flag(name: .customLong("typescript"), help: "Prints the TypeScript type of its data alone.")
    var typeScript = false

    @OptionGroup var options: ConfigurationOptions

    func validate() throws {
        if schema && typeScript { throw ValidationError("--schema and --typescript exclude each other") }
    }

    func run() throws {
        let catalog = try Topics.catalog(options)
        let entry = try catalog.topic(topic, profile: profile)
        var others: [String] { catalog.profileNames(with: entry.name).filter { $0 != entry.profileName } }
        if schema {
            Output.standard.writeLine(trimmed(entry.schema))
        } else if typeScript {
            Output.standard.writeLine(trimmed(entry.typeScript))
        } else if options.json {
            TopicOutput.fullJSON(entry, others: others).write()
        } else {
            TopicOutput.write(entry, others: others)
        }
    }

    private func trimmed(_ text: String) -> String {
        text.last == "\n" ? String(text.dropLast()) : text
    }
}
