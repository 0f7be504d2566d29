extension EnvelopeReference {
    /// True when it is the payload or a part of it.
    package var isPayload: Bool { if case .payload = self { true } else { false } }

    /// True when it is the payload, a part of it, or the event's data as a whole.
    fileprivate var isOfPayload: Bool {
        switch self {
        case .payload: true
        case .data(let path): path.isEmpty
        default: false
        }
    }

    /// True when it is the event's data or a part of them.
    fileprivate var isOfData: Bool { if case .data = self { true } else { false } }
}

extension ProfileBody {
    /// The references that it makes; `nil` for templates, which are read elsewhere.
    package var references: [EnvelopeReference]? {
        switch self {
        case .envelope(let members): members.flatMap(\.value.references)
        case .whole(let reference): [reference]
        case .templates: nil
        }
    }

    /// True when the payload goes into the body as a whole or in parts. A body that picks values of the event by itself
    /// has no payload: what it picks is compared with the catalogue instead.
    package var holdsPayload: Bool {
        switch self {
        case .envelope(let members): members.contains { $0.value.references.contains(where: \.isOfPayload) }
        case .whole, .templates: true
        }
    }
}

extension EnvelopeValue {
    /// The references that it makes.
    package var references: [EnvelopeReference] {
        switch self {
        case .literal: []
        case .reference(let reference), .merge(let reference): [reference]
        case .firstOf(let references): references
        case .object(let members): members.flatMap(\.value.references)
        case .mapped(let value): value.references
        }
    }

    /// True when it puts in what the event's data say.
    package var picksData: Bool {
        switch self {
        case .mapped: true
        case .object(let members): members.contains { $0.value.picksData }
        case .literal, .reference, .firstOf, .merge: references.contains(where: \.isOfData)
        }
    }
}

extension PayloadValue {
    /// The references that it makes.
    package var references: [EnvelopeReference] {
        switch self {
        case .literal: []
        case .reference(let reference, let conversions):
            [reference]
                + conversions.compactMap {
                    if case .ofCode(let code)? = $0.currency { code } else { nil }
                }
        case .firstOf(let values), .list(let values), .join(let values, _): values.flatMap(\.references)
        case .object(let members):
            members.flatMap { member in
                switch member {
                case .value(_, _, let value): value.references
                case .merge(let reference): [reference]
                }
            }
        case .each(let list, let item): list.references + item.references
        case .lookup(let value, _): value.references
        case .conditional(_, let then, let otherwise): then.references + (otherwise?.references ?? [])
        }
    }
}
