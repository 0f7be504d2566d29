internal import ArgumentParser
internal import WebhookCore
internal import Webhooks

struct Init: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes a first configuration: a commented webhooks.yaml, its secret, an example event.",
        discussion: """
            Asks on a terminal for the platform, the receiver's URL and the signing secret; options answer beforehand. What is \
            written is valid. A secret goes into a file of its own (mode 0600), never into webhooks.yaml. Nothing is \
            overwritten without --force, and a secret that is there only by one that is given.

            A private address, or plain HTTP where the platform wants HTTPS, is out of reach until `egress.allow` lists \
            it. Where --url is one, that line is written only after a yes on a terminal, or with --allow-private.

              webhooks init first --yes
              webhooks init lms --profile fermion --url https://crm.example.com/hooks --yes
              webhooks init crm --url https://crm.example.com/hooks --secret-env CRM_SECRET
            """
    )

    @Argument(help: "The folder.", completion: .directory)
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

    @Flag(help: "Lets requests go to the URL although it is private or unencrypted: lists it in `egress.allow`.")
    var allowPrivate = false

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
        // Its own place is the folder's, however it is written.
        let folder = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
        if !force { try StarterWriter.checkIsFree(folder) }
        let asks = !yes && Question.canAsk
        (starter.name, starter.topics) = (name, topic)
        if let profile { starter.profile = profile }
        _ = try TopicCatalog().profile(starter.profile)
        if let url { starter.url = url }
        if profile == nil, asks {
            let standard = starter.profile
            try Prompt.ask("Platform (\(Self.platforms))", default: standard) { answer throws(WebhooksError) in
                _ = try TopicCatalog().profile(answer)
                starter.profile = answer
            }
        }
        if url == nil, asks {
            let standard = starter.url
            try Prompt.ask("URL of the receiver", default: standard) { answer throws(WebhooksError) in
                var trial = starter
                trial.url = answer
                _ = try trial.draft(in: folder)
                starter.url = answer
            }
        }
        if let secret = try givenSecret() {
            starter.secret = secret
        } else if asks {
            let question = "Signing secret (empty: one is made where the platform needs one)"
            try Prompt.askHidden(question) { typed throws(WebhooksError) in
                var trial = starter
                trial.secret = typed.isEmpty ? .made : .given(Secret(typed))
                _ = try trial.draft(in: folder)
                starter.secret = trial.secret
            }
        }
        let draft = try starter.draft(in: folder)
        if let opening = draft.opening, starter.url != ConfigurationStarter.localURL { try confirm(opening) }
        let written = try StarterWriter.write(draft.files, to: folder, overwrites: force)
        report(written, draft, starter, folder)
    }

    /// Ends the command where nobody wants the egress guard opened. The receiver on this machine that `webhooks listen` is
    /// needs no question: nobody has named another.
    private func confirm(_ opening: ConfigurationStarter.Opening) throws {
        if allowPrivate { return }
        let text = "\(opening.endpoint) is out of reach unless `egress.allow` lists it: \(opening.effect)"
        guard !yes, Question.canAsk else {
            let code = WebhooksError.Code.refused.description
            throw CommandFailure(.negative, code: code, text, hint: "if that is meant, --allow-private lists it")
        }
        try Question.confirm("\(text). List it?")
    }

    private static var platforms: String { TopicCatalog().profiles.map(\.name).joined(separator: ", ") }

    private func givenSecret() throws -> ConfigurationStarter.SecretSource? {
        if let variable = secrets.secretEnv { return .environment(variable) }
        if let file = secrets.secretFile { return .file(file) }
        return try secrets.read().map { .given($0) }
    }

    private func report(
        _ written: StarterWriter.Written,
        _ draft: ConfigurationStarter.Draft,
        _ starter: ConfigurationStarter,
        _ folder: String
    ) {
        for warning in draft.warnings { Notice.warning("configuration", warning, asJSON: options.json) }
        if let opening = draft.opening {
            let line = "egress: { allow: [\(JSON.string(opening.endpoint))] }"
            let message =
                "\(folder)/\(ConfigurationStarter.fileName) opens the egress guard by `\(line)`: \(opening.effect)"
            Notice.warning("egress", message, asJSON: options.json)
        }
        let steps = steps(written, draft, starter, folder)
        if options.json {
            let object: JSONOutput = [
                "files": .strings(written.paths), "kept": .strings(written.kept), "next": .strings(steps),
                "egressAllow": .strings(draft.opening.map { [$0.endpoint] } ?? []),
            ]
            return object.write()
        }
        for path in written.paths { Output.standard.writeLine("wrote  \(PlainText.escaped(path))") }
        for path in written.kept {
            Output.standard.writeLine("kept   \(PlainText.escaped(path)): the secret that receivers know")
        }
        for step in steps { Output.standard.writeLine(PlainText.escaped("next   \(step)")) }
    }

    /// What is left to do until an event gets through, in order.
    private func steps(
        _ written: StarterWriter.Written,
        _ draft: ConfigurationStarter.Draft,
        _ starter: ConfigurationStarter,
        _ folder: String
    ) -> [String] {
        let file = "\(folder)/\(ConfigurationStarter.fileName)"
        let config = folder == "config" ? "" : " --config \(ShellText.quoted(file))"
        let profile = try? TopicCatalog().profile(starter.profile)
        let isLocal = starter.url == ConfigurationStarter.localURL
        var steps: [String] = []
        switch starter.secret {
        case .environment(let name): steps.append("set \(name) to the signing secret, also for `webhooks run`")
        case .file: break
        case .made, .given:
            let secret = draft.files.first(where: \.isSecret).map { "\(folder)/\($0.path)" }
            if let secret, !isLocal, written.paths.contains(secret) {
                steps.append("give the receiver the secret in \(secret)")
            } else if secret == nil, profile?.signature != nil {
                steps.append("if requests are to be signed: `secrets` in \(file)")
            }
        }
        if isLocal { steps.append("in another terminal, the receiver: webhooks listen\(config)") }
        let topic = profile.map { starter.exampleTopic($0) } ?? "course.created"
        let data = ShellText.quoted("@\(folder)/example.json")
        return steps + ["webhooks validate\(config)", "webhooks emit \(topic) --data \(data)\(config)"]
    }
}

/// Text in commands that a person copies into a shell.
enum ShellText {
    /// The text as one word.
    static func quoted(_ text: String) -> String {
        let isPlain =
            !text.isEmpty
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "@%+=:,./-_".utf8.contains(byte)
            }
        return isPlain ? text : "'" + text.replacing("'", with: "'\\''") + "'"
    }
}
