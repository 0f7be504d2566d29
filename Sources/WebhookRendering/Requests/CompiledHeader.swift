internal import WebhookCore

/// A profile's header, prepared: a constant, or a template to render for every attempt.
struct CompiledHeader: Sendable {
    enum Value: Sendable {
        case constant(String)
        case template(CompiledTemplate)
        case invalid(RenderingError)
    }

    let name: String
    let value: Value

    init(_ header: HeaderTemplate) {
        name = header.name
        do {
            let template = try CompiledTemplate(
                name: "header \(header.name)",
                source: header.template,
                escape: .header
            )
            let isConstant = template.elements.allSatisfy { if case .text = $0 { true } else { false } }
            value = isConstant ? .constant(header.template) : .template(template)
        } catch {
            value = .invalid(RenderingError("header \(header.name): \(error.text)"))
        }
    }
}
