/// What rows of events and deliveries are found by besides their own columns. The numbers stand in `webhooks_words`.
enum Word: Int, CaseIterable {
    case eventTopic, eventTenant, deliveryTopic, deliveryTenant
}
