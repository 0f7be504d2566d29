// One import for a host that uses GRDB: everything of the library, and what takes and gives GRDB's types.

@_exported public import Webhooks
