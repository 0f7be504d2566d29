internal import WebhookCore

/// An entry of `subscriptions` as it stands in the file, before the defaults are looked up.
struct SubscriptionEntry {
    /// The keys that only an entry has.
    static let ownKeys = ["name", "title", "url", "topics", "body", "filter"]

    let place: SourcePlace
    var name: Located<String>?
    var title: String?
    var url: Located<EndpointURL>?
    var topics: [Located<TopicPattern>]
    var body: Located<BodyTemplate>?
    /// Where `body` stands, whether it could be read or not.
    var bodyPlace: SourcePlace?
    var filter: Filter?
    var options: SubscriptionOptions

    /// Reads an entry. Whatever doesn't fit is reported; `nil` where it is no mapping at all.
    init?(_ node: ConfigNode, context: LoadContext) {
        let keys = Self.ownKeys + SubscriptionOptions.keys
        guard let section = Section(node, "a subscription", keys: keys, problems: context.problems) else { return nil }
        place = section.place
        for key in ["name", "url", "topics"] { section.require(key) }
        name = Self.name(section, context)
        title = section.text("title")?.value
        if let title, title.hasControlCharacters, let node = section.node("title") {
            context.problems.error(node.place, "`title` must not hold control characters")
        }
        url = Self.url(section, context)
        topics = Self.topics(section, context)
        bodyPlace = section.keyPlace("body")
        body = Self.body(section, context)
        filter = section.container("filter").flatMap(FilterLoader(problems: context.problems).load)
        options = SubscriptionOptions(section, context: context)
    }

    private static func name(_ section: Section, _ context: LoadContext) -> Located<String>? {
        guard let name = section.text("name") else { return nil }
        guard SubscriptionValidator.isName(name.value) else {
            context.problems.error(name.place, "`name` must be 1 to 64 letters, digits, '.', '_' and '-'")
            return nil
        }
        return name
    }

    private static func url(_ section: Section, _ context: LoadContext) -> Located<EndpointURL>? {
        guard let node = section.node("url"),
            let text = SourceReader(context: context).text(node, "`url`")
        else { return nil }
        switch EndpointURLParser.parse(text.value.value, isSecret: text.value.isExternal) {
        case .success(let url):
            return Located(value: url, place: text.place)
        case .failure(let error):
            context.problems.error(text.place, "`url` \(error)")
            return nil
        }
    }

    private static func topics(_ section: Section, _ context: LoadContext) -> [Located<TopicPattern>] {
        guard let items = section.items("topics") else { return [] }
        if items.isEmpty, let place = section.keyPlace("topics") {
            context.problems.error(place, "`topics` needs at least one; [\"**\"] is all of them")
        }
        return items.compactMap { item in
            guard let text = section.read.text(item, "a topic") else { return nil }
            guard let pattern = try? TopicPattern(text.value) else {
                return section.read.fail(item, TopicPatternRules.patternGrammar)
            }
            return Located(value: pattern, place: text.place)
        }
    }

    private static func body(_ section: Section, _ context: LoadContext) -> Located<BodyTemplate>? {
        guard let path = section.text("body") else { return nil }
        guard let contentType = BodyTemplateFile.contentType(of: path.value) else {
            let message = "`body` must be a file whose name says what it makes: \(BodyTemplateFile.names)"
            context.problems.error(path.place, message)
            return nil
        }
        let reader = PathReader(context: context)
        guard let bytes = reader.contents(path, "`body`", limit: 1 << 20),
            let name = reader.resolve(path, "`body`")
        else { return nil }
        guard let source = bytes.validatedText else {
            context.problems.error(path.place, "`body`: the file \(path.value) is not UTF-8 text")
            return nil
        }
        return Located(value: BodyTemplate(name: name, contentType: contentType, source: source), place: path.place)
    }
}
