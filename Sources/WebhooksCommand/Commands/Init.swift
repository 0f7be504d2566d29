internal import ArgumentParser
internal import WebhookCore
internal import Webhooks

struct Init: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes a first configuration: a commented webhooks.yaml, its secret, an example event.",
        discussion: """
            Asks on a terminal for the platform, the receiver's URL and the signing secret; options answer beforehand. What is \
            written is valid. A secret goes into a file of its own (mode 0600), never into webhooks.yaml. Nothing is \
            overwritten without --force.

              webhooks init first --yes
              webhooks init lms --profile fermion --url https://crm.example.com/hooks --yes
              webhooks init crm --url https://crm.example.com/hooks --secret-env CRM_SECRET
            """
    )

    @Argument(help: "The folder. (default: config)", completion: .directory)
    var folder = "config"

    @Option(
        help: "The platform whose dialect the receiver speaks. (default: standard)",
        completion: KnownCompletion.profiles
    )
    var profile: String?

    @Option(help: "Where requests go. (default: where `webhooks listen` waits)")
    var url: String?

    @Option(help: "The subscription's name. (default: the profile's)")
    var name: String?

    @Option(help: "Only this topic or pattern. Repeatable. (default: **)", completion: KnownCompletion.topics)
    var topic: [String] = []

    @OptionGroup var secrets: SecretOptions

    @Flag(help: "Overwrites files that are there.")
    var force = false

    @Flag(help: "Doesn't ask: what is not given has its default.")
    var yes = false

    @OptionGroup var options: OutputOptions
    @OptionGroup var unused: UnusedConfigurationOptions

    func validate() throws {
        if folder.isEmpty { throw ValidationError("the folder's name is empty; `.` is this one") }
    }

    func run() throws {
        var starter = ConfigurationStarter()
        let asks = !yes && Question.canAsk
        let profile = try profile ?? (asks ? Prompt.ask("Platform (\(Self.platforms))", default: starter.profile) : nil)
        if let profile { starter.profile = profile }
        _ = try TopicCatalog().profile(starter.profile)
        if let url = try url ?? (asks ? Prompt.ask("URL of the receiver", default: starter.url) : nil) {
            starter.url = url
        }
        (starter.name, starter.topics) = (name, topic)
        starter.secret = try secret(asks: asks)
        // Its own place is the folder's, however it is written.
        let folder = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
        let files = try starter.files(in: folder)
        let paths = try StarterWriter.write(files, to: folder, overwrites: force)
        report(paths, starter, folder)
    }

    private static var platforms: String { TopicCatalog().profiles.map(\.name).joined(separator: ", ") }

    private func secret(asks: Bool) throws -> ConfigurationStarter.SecretSource {
        if let variable = secrets.secretEnv { return .environment(variable) }
        if let file = secrets.secretFile { return .file(file) }
        if let secret = try secrets.read() { return .given(secret) }
        guard asks else { return .made }
        let typed = try Prompt.askHidden("Signing secret (empty: one is made where the platform needs one)")
        return typed.isEmpty ? .made : .given(Secret(typed))
    }

    private func report(_ paths: [String], _ starter: ConfigurationStarter, _ folder: String) {
        if options.json {
            let object: JSONOutput = ["files": .strings(paths)]
            return object.write()
        }
        for path in paths { Output.standard.writeLine("wrote  \(PlainText.escaped(path))") }
        if case .environment(let name) = starter.secret {
            Output.standard.writeLine(PlainText.escaped("next   set \(name) to the signing secret"))
        }
        let config = folder == "config" ? "" : " --config \(folder)/\(ConfigurationStarter.fileName)"
        let topic = (try? TopicCatalog().profile(starter.profile)).map { starter.exampleTopic($0) } ?? "course.created"
        for command in ["validate\(config)", "emit \(topic) --data @\(folder)/example.json\(config)"] {
            Output.standard.writeLine(PlainText.escaped("next   webhooks \(command)"))
        }
    }
}
