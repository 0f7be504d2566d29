/// Numbers with their nouns.
enum Counted {
    /// `1 delivery`, `2 deliveries`.
    static func text(_ count: Int, _ noun: String, plural: String? = nil) -> String {
        "\(count) \(count == 1 ? noun : plural ?? noun + "s")"
    }

    static func deliveries(_ count: Int) -> String { text(count, "delivery", plural: "deliveries") }
}
