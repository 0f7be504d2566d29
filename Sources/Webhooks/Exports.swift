// What hosts see of the other modules after `import Webhooks`: the public surface, symbol by symbol. All else is `package`.

// The log.
@_exported public import struct WebhookCore.Attempt
// Subscriptions.
@_exported public import enum WebhookCore.Authentication
@_exported public import struct WebhookCore.BodyTemplate
@_exported public import struct WebhookCore.BreakerPolicy
// Events.
@_exported public import struct WebhookCore.ByteString
@_exported public import struct WebhookCore.CancelResult
@_exported public import struct WebhookCore.ConfiguredHeader
@_exported public import enum WebhookCore.ContentType
@_exported public import struct WebhookCore.Delivery
@_exported public import enum WebhookCore.DeliveryMode
@_exported public import struct WebhookCore.DeliveryPolicy
@_exported public import struct WebhookCore.DeliveryQuery
@_exported public import enum WebhookCore.DeliveryState
// The dispatcher.
@_exported public import struct WebhookCore.Diagnostic
@_exported public import struct WebhookCore.DispatcherSettings
@_exported public import struct WebhookCore.EgressPolicy
@_exported public import struct WebhookCore.EgressProxy
@_exported public import struct WebhookCore.EgressRule
@_exported public import struct WebhookCore.EgressRuleError
@_exported public import struct WebhookCore.EndpointURL
@_exported public import struct WebhookCore.Event
@_exported public import enum WebhookCore.EventError
@_exported public import struct WebhookCore.EventQuery
@_exported public import struct WebhookCore.ExactDecimal
@_exported public import struct WebhookCore.ExportedDelivery
@_exported public import enum WebhookCore.FailureKind
@_exported public import struct WebhookCore.Filter
@_exported public import struct WebhookCore.HTTPHeader
@_exported public import enum WebhookCore.HTTPVersion
@_exported public import struct WebhookCore.HeaderTemplate
@_exported public import enum WebhookCore.HeaderValue
@_exported public import struct WebhookCore.JSONValue
@_exported public import struct WebhookCore.LoggedEvent
@_exported public import struct WebhookCore.MatchExplanation
@_exported public import struct WebhookCore.OpenDeliveryCount
@_exported public import class WebhookCore.Profile
@_exported public import struct WebhookCore.PruneResult
@_exported public import struct WebhookCore.RateLimit
@_exported public import class WebhookCore.Registry
@_exported public import enum WebhookCore.RetryOutcome
@_exported public import struct WebhookCore.Secret
@_exported public import struct WebhookCore.StoreError
@_exported public import enum WebhookCore.StoreLocation
@_exported public import struct WebhookCore.Subscription
@_exported public import struct WebhookCore.SubscriptionHealth
@_exported public import struct WebhookCore.SubscriptionStatistics
@_exported public import struct WebhookCore.TLSOptions
@_exported public import struct WebhookCore.Timestamp
@_exported public import struct WebhookCore.TopicPattern
@_exported public import struct WebhookCore.TopicPatternError
