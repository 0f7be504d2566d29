import Mustache
import WebhookCore

@testable import WebhookRendering

/// The Mustache library, with which our own rendering is compared.
enum MustacheOracle {
    /// The library's result for a template that we have taken.
    static func text(_ template: CompiledTemplate, _ root: TemplateRoot) throws -> String {
        let program = try MustacheTemplate(string: normalized(template.elements))
        return program.render(OracleScope(root: root, escape: template.escape))
    }

    /// The template in the library's words, with all escaping left to the values: every variable becomes an unescaped
    /// one, and one that is wanted as JSON asks its value for that by a transform.
    private static func normalized(_ elements: [TemplateElement]) -> String {
        var text = ""
        for element in elements {
            switch element {
            case .text(let part): text += part
            case .variable(let tag, asJSON: false): text += "{{{\(tag.name)}}}"
            case .variable(let tag, asJSON: true): text += "{{{json(\(tag.name))}}}"
            case .section(let tag, let isInverted, let content):
                text += isInverted ? "{{^\(tag.name)}}" : "{{#\(tag.name)}}"
                text += normalized(content)
                text += "{{/\(tag.name)}}"
            case .comment: text += "{{!}}"
            }
        }
        return text
    }
}

/// A JSON value as the library meets it. Its text is already escaped.
private struct OracleNode: MustacheParent, MustacheCustomRenderable, MustacheTransformable {
    let value: JSONValue
    let escape: TemplateEscape
    var isJSON = false

    static func make(_ value: JSONValue, _ escape: TemplateEscape) -> Any {
        let node = OracleNode(value: value, escape: escape)
        return value.array.map { OracleList(node: node, items: $0) } ?? node
    }

    func child(named name: String) -> Any? {
        value.value(at: CollectionOfOne(name)).map { Self.make($0, escape) }
    }

    var renderText: String {
        var output = BoundedBytes(BodyLimit(maxBody: 1 << 30, dataSize: 1 << 30))
        do {
            try isJSON ? escape.appendJSON(value, to: &output) : escape.append(value, to: &output)
        } catch {
            return "too large"
        }
        return String(decoding: output.bytes, as: UTF8.self)
    }

    var isNull: Bool {
        switch value.kind {
        case .null, .bool(false): true
        default: false
        }
    }

    func transform(_ name: String) -> Any? { OracleNode(value: value, escape: escape, isJSON: true) }
}

private struct OracleList: MustacheSequence, MustacheParent, MustacheCustomRenderable, MustacheTransformable {
    let node: OracleNode
    let items: [JSONValue]

    func makeIterator() -> AnyIterator<Any> {
        var iterator = items.makeIterator()
        return AnyIterator { iterator.next().map { OracleNode.make($0, node.escape) } }
    }

    func child(named name: String) -> Any? { node.child(named: name) }
    var renderText: String { node.renderText }
    var isNull: Bool { false }
    func transform(_ name: String) -> Any? { node.transform(name) }
}

private struct OracleScope: MustacheParent, MustacheCustomRenderable {
    let root: TemplateRoot
    let escape: TemplateEscape

    func child(named name: String) -> Any? { root.value(named: name).map { OracleNode.make($0, escape) } }
    var renderText: String { "" }
    var isNull: Bool { false }
}
