// One import for hosts: events, subscriptions, deliveries and attempts come along.
@_exported public import WebhookCore
