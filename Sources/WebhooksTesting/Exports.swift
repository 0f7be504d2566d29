// What a host's tests see beside this module's own: the answers of a scripted receiver, and a real receiver.
@_exported public import enum WebhookInMemory.EndpointResponse
@_exported public import struct WebhookReceiver.ReceivedRequest
@_exported public import class WebhookReceiver.Receiver
@_exported public import enum WebhookReceiver.ReceiverError
@_exported public import struct WebhookReceiver.ReceiverOptions
@_exported public import struct WebhookReceiver.ReceiverResponse
