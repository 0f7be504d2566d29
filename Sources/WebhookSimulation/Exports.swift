// Who imports the simulation needs its parts as well.
@_exported public import WebhookInMemory
