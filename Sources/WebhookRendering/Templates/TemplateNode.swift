internal import Mustache
internal import WebhookCore

/// A JSON value as the Mustache library meets it. Its text is already escaped.
///
/// Every kind of value conforms to the library's protocols, so that it never falls back to reflection.
struct TemplateNode: MustacheParent, MustacheCustomRenderable, MustacheTransformable {
    /// The transform that asks for a value as JSON; see ``TemplateElement/normalized(_:)``.
    static let jsonTransform = "json"

    let value: JSONValue
    let escape: TemplateEscape
    let isJSON: Bool

    /// A value for the library: arrays are something to iterate over.
    static func make(_ value: JSONValue, _ escape: TemplateEscape) -> Any {
        let node = TemplateNode(value: value, escape: escape, isJSON: false)
        return value.array.map { TemplateList(node: node, items: $0) } ?? node
    }

    func child(named name: String) -> Any? {
        value.value(at: CollectionOfOne(name)).map { Self.make($0, escape) }
    }

    var renderText: String { isJSON ? escape.json(of: value) : escape.text(of: value) }

    /// Whether a section is left out: null and false. (The library itself tells empty arrays.)
    var isNull: Bool {
        switch value.kind {
        case .null, .bool(false): true
        default: false
        }
    }

    func transform(_ name: String) -> Any? {
        name == Self.jsonTransform ? TemplateNode(value: value, escape: escape, isJSON: true) : nil
    }
}

/// An array as the Mustache library meets it.
struct TemplateList: MustacheSequence, MustacheParent, MustacheCustomRenderable, MustacheTransformable {
    let node: TemplateNode
    let items: [JSONValue]

    func makeIterator() -> AnyIterator<Any> {
        var iterator = items.makeIterator()
        return AnyIterator { iterator.next().map { TemplateNode.make($0, node.escape) } }
    }

    func child(named name: String) -> Any? { node.child(named: name) }
    var renderText: String { node.renderText }
    var isNull: Bool { false }
    func transform(_ name: String) -> Any? { node.transform(name) }
}

/// The outermost level as the Mustache library meets it.
struct TemplateScope: MustacheParent, MustacheCustomRenderable {
    let root: TemplateRoot
    let escape: TemplateEscape

    func child(named name: String) -> Any? { root.value(named: name).map { TemplateNode.make($0, escape) } }
    /// `{{.}}` outside of every section names nothing.
    var renderText: String { "" }
    var isNull: Bool { false }
}
