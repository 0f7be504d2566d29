internal import WebhookCore
internal import Webhooks

/// The items that the store would not change, while it did the rest.
enum RefusedOutput {
    /// `[{"id","reason"}]`
    static func json(_ items: [RefusedItem]) -> JSONOutput {
        .array(items.map { ["id": .text($0.id), "reason": .text($0.reason)] })
    }

    static func text(_ item: RefusedItem) -> String {
        "\(PlainText.escaped(item.id)): the store refuses it: \(PlainText.escaped(item.reason))"
    }
}
