// The public surface beside this module's own: what hosts see of the other modules after `import Webhooks`, symbol by
// symbol. Events and subscriptions as values, the settings of a dispatcher, and the rows of the log. All else is `package`.

@_exported public import struct WebhookCore.Attempt
@_exported public import enum WebhookCore.Authentication
@_exported public import struct WebhookCore.ByteString
@_exported public import struct WebhookCore.CancelResult
@_exported public import struct WebhookCore.ConfiguredHeader
@_exported public import struct WebhookCore.Delivery
@_exported public import enum WebhookCore.DeliveryMode
@_exported public import struct WebhookCore.DeliveryQuery
@_exported public import enum WebhookCore.DeliveryState
@_exported public import struct WebhookCore.Diagnostic
@_exported public import struct WebhookCore.DispatcherSettings
@_exported public import struct WebhookCore.EgressPolicy
@_exported public import struct WebhookCore.Event
@_exported public import struct WebhookCore.EventQuery
@_exported public import struct WebhookCore.FailureKind
@_exported public import struct WebhookCore.HTTPHeader
@_exported public import struct WebhookCore.JSONValue
@_exported public import struct WebhookCore.LoggedEvent
@_exported public import struct WebhookCore.Secret
@_exported public import struct WebhookCore.StoreError
@_exported public import enum WebhookCore.StoreLocation
@_exported public import struct WebhookCore.SubscriptionDraft
@_exported public import struct WebhookCore.SubscriptionHealth
@_exported public import struct WebhookCore.SubscriptionStatistics
@_exported public import struct WebhookCore.TLSOptions
@_exported public import struct WebhookCore.Timestamp
@_exported public import struct WebhookCore.WebhooksError
