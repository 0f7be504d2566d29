internal import WebhookCore

/// Lays out a subscription's headers: `Content-Type`, `User-Agent`, the profile's, the signature, `Authorization`, the
/// configured ones.
///
/// A profile's or a configured `Content-Type` or `User-Agent` takes the place of ours.
struct HeaderPlan {
    private(set) var entries: [CompiledSubscription.Entry] = [.contentType]
    private(set) var failure: RenderingError?
    private let redactor: Redactor
    private static let mask = "***"

    init(_ redactor: Redactor) {
        self.redactor = redactor
    }

    mutating func add(_ subscription: Subscription, _ profile: CompiledProfile) {
        let userAgent = HTTPHeader("User-Agent", "swift-webhooks/\(ProductVersion.current)")
        entries.append(.fixed(userAgent, shown: userAgent))
        for header in profile.headers {
            switch header.value {
            case .constant(let value): put(header.name, value, shown: value)
            case .template(let template): put(.template(name: header.name, template), named: header.name)
            case .invalid(let error): failure = failure ?? error
            }
        }
        entries.append(.signature)
        if let authentication = subscription.authentication {
            put("Authorization", authentication.headerValue, shown: Self.mask)
        }
        for header in subscription.headers {
            switch header.value {
            case .plain(let value):
                let isCredential = CredentialHeaders.contains(header.name)
                put(header.name, value, shown: isCredential ? Self.mask : redactor.redact(value))
            case .secret(let secret):
                put(header.name, secret.reveal(), shown: Self.mask)
            }
        }
    }

    private mutating func put(_ name: String, _ value: String, shown: String) {
        guard HTTPHeader.isValid(value) else {
            failure = failure ?? RenderingError("the value of the header \(name) holds control characters")
            return
        }
        put(.fixed(HTTPHeader(name, value), shown: HTTPHeader(name, shown)), named: name)
    }

    /// Appends an entry, or lets it take the place of our own of that name.
    private mutating func put(_ entry: CompiledSubscription.Entry, named name: String) {
        switch name.lowercased() {
        case "content-type": entries[0] = entry
        case "user-agent": entries[1] = entry
        default: entries.append(entry)
        }
    }
}

extension Authentication {
    /// The value of `Authorization`.
    var headerValue: String {
        switch self {
        case .basic(let username, let password): "Basic " + Base64.encode("\(username):\(password.reveal())")
        case .bearer(let token): "Bearer " + token.reveal()
        case .raw(let value): value.reveal()
        }
    }
}

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
