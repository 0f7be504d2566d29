internal import WebhookCore

/// The JSON Schema (2020-12) of a configuration file, for editors: what the loader takes, key by key.
///
/// Secrets, files, profiles and keys that exclude each other are the loader's to judge: `webhooks validate`.
package enum ConfigurationSchema {
    /// The schema as a document.
    package static var text: String { schema.document() }

    private static var schema: SchemaValue {
        [
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "webhooks.yaml",
            "description": "Who gets which events, and how. `webhooks validate` checks the rest.",
            "type": "object",
            "properties": .object(
                [("$schema", ["type": "string", "description": "Where an editor finds this schema."])] + file
            ),
            "patternProperties": extensions,
            "additionalProperties": false,
            "$defs": .object(
                ValueSchemas.definitions + [("filter", FilterSchema.filter), ("condition", FilterSchema.condition)]
            ),
        ]
    }

    /// Keys for people and for anchors.
    private static let extensions: SchemaValue = ["^x-": true]

    // MARK: The file

    private static var file: [(String, SchemaValue)] {
        ConfigurationLoader.keys.map { key in
            (key, fileKeys[key] ?? true)
        }
    }

    private static var fileKeys: [String: SchemaValue] {
        [
            "store": [
                "description":
                    "Where events, deliveries and attempts are kept: sqlite:PATH or postgres://USER@HOST/DATABASE.",
                "anyOf": [
                    reference("source"),
                    [
                        "type": "object", "properties": .object(StoreLoader.keys.map { ($0, true) }),
                        "required": ["url"], "additionalProperties": false,
                    ],
                ],
                "properties": [
                    "url": says("sqlite:PATH, or postgres://… as libpq reads it.", "source"),
                    "schema": [
                        "description": "The schema that the store has to itself, on PostgreSQL. Default: webhooks.",
                        "type": "string", "pattern": "^[a-z_][a-z0-9_]{0,62}$",
                    ],
                    "password": says("The password, where the URL has none.", "source"),
                ],
            ],
            "profile": says("The profile of subscriptions that name none. Default: standard.", "text"),
            "templates": says("A folder of profiles that add to the built-in ones or replace them.", "text"),
            "include": [
                "description": "Files with further subscriptions: paths, with * and ? in a file's name.",
                "anyOf": [reference("text"), ["type": "array", "items": reference("text")], ["type": "null"]],
            ],
            "egress": [
                "description": "What may be reached.",
                "type": ["object", "null"],
                "properties": [
                    "allow": [
                        "description":
                            "What may be reached although private, or over plain HTTP under an HTTPS-only profile: CIDR, CIDR:port or host:port.",
                        "type": ["array", "null"], "items": reference("text"),
                    ],
                    "proxy": says(
                        "A proxy for every request: it tunnels (CONNECT) to the address vetted here.",
                        "source"
                    ),
                ],
                "additionalProperties": false,
            ],
            "dispatcher": [
                "description": "Settings of the dispatcher as a whole.",
                "type": ["object", "null"],
                "properties": [
                    "maxInFlight": says("Requests at once, over all subscriptions. Default: 512.", "count"),
                    "shutdownGrace": says("How long open requests may go on after SIGTERM. Default: 20s.", "duration"),
                    "retention": says("Settled deliveries older than this are deleted. Default: 30d.", "duration"),
                    "maxBody": says("The largest body that may be rendered. Default: 64MiB.", "size"),
                    "lease": says(
                        "How long another dispatcher on PostgreSQL waits for one that is silent. Default: 15s.",
                        "duration"
                    ),
                ],
                "additionalProperties": false,
            ],
            "server": [
                "description": "The HTTP API of `webhooks serve`.",
                "type": ["object", "null"],
                "properties": .object(ServerLoader.keys.map { ($0, serverKeys[$0] ?? true) }),
                "additionalProperties": false,
            ],
            "defaults": [
                "description": "Settings for every subscription that doesn't say otherwise.",
                "type": ["object", "null"],
                "properties": .object(options),
                "patternProperties": extensions,
                "additionalProperties": false,
            ],
            "subscriptions": [
                "description": "Who gets which events.",
                "type": ["array", "null"],
                "items": subscription,
            ],
        ]
    }

    private static var serverKeys: [String: SchemaValue] {
        [
            "listen": says("Where it listens: an address and a port. Default: 127.0.0.1:8071.", "text"),
            "public": says("true: other machines reach it, by an address beyond loopback. Default: false.", "flag"),
            "publicURL": says("What links to it begin with. Default: http:// and `listen`.", "text"),
            "tokens": [
                "description": "Tokens of the whole organisation, at least 32 characters each.",
                "type": ["array", "null"], "items": reference("source"),
            ],
            "metricsToken": says("Lets others than this machine read /healthz, /readyz and /metrics.", "source"),
            "encryptionKey": [
                "description":
                    "32 bytes in base64, by which secrets in the store are sealed; of a list the first seals, all open.",
                "anyOf": [reference("source"), ["type": "array", "items": reference("source"), "minItems": 1]],
            ],
            "maxBody": says("The largest request body. Default: 2MiB.", "size"),
            "maxEndpoints": says("The most endpoints of an application. Default: 1000.", "count"),
            "console": says("Whether there is a console. Without effect in this version. Default: true.", "flag"),
        ]
    }

    // MARK: A subscription

    private static var subscription: SchemaValue {
        [
            "type": "object",
            "properties": .object(own + options),
            "patternProperties": extensions,
            "required": ["name", "url", "topics"],
            "additionalProperties": false,
        ]
    }

    private static var own: [(String, SchemaValue)] {
        SubscriptionEntry.ownKeys.map { ($0, ownKeys[$0] ?? true) }
    }

    private static var ownKeys: [String: SchemaValue] {
        [
            "name": [
                "description": "What commands and the log call it; unique.",
                "type": ["string", "number", "boolean"], "pattern": "^[A-Za-z0-9._-]{1,64}$",
            ],
            "title": says("A name for people.", "text"),
            "url": says("Where requests go: https://… or http://….", "source"),
            "topics": [
                "description": "Which events: '*' is one segment, '**' one or more.",
                "type": "array", "items": reference("text"), "minItems": 1,
            ],
            "body": [
                "description": "A body template of your own, or one for each topic pattern.",
                "anyOf": [
                    reference("text"),
                    ["type": "object", "additionalProperties": reference("text"), "minProperties": 1],
                ],
            ],
            "payload": [
                "description": "How the platform's payload is made of the event, by topic pattern.",
                "type": "object", "minProperties": 1,
            ],
            "filter": says("Which events, by content: all entries must hold.", "filter"),
        ]
    }

    private static var options: [(String, SchemaValue)] {
        SubscriptionOptions.keys.map { ($0, optionKeys[$0] ?? true) }
    }

    private static var optionKeys: [String: SchemaValue] {
        [
            "profile": says("The dialect: names, envelope, signature, delivery.", "text"),
            "contentType": [
                "description": "The format of the body, one that the profile offers.",
                "enum": .list(ContentType.allCases.map { .text($0.rawValue) }),
            ],
            "tenant": says("Only this tenant's events.", "text"),
            "tenants": [
                "description": "Only the events of one of these tenants.",
                "type": "array", "items": reference("text"), "minItems": 1,
            ],
            "basicAuth": [
                "description": "Basic authentication.",
                "type": "object",
                "properties": ["username": reference("source"), "password": reference("source")],
                "required": ["username", "password"],
                "additionalProperties": false,
            ],
            "bearer": says("A bearer token.", "source"),
            "authorization": says("The whole Authorization header.", "source"),
            "secrets": [
                "description": "What requests are signed with: the first is the current one, the others still sign.",
                "type": ["array", "null"], "items": reference("source"),
            ],
            "headers": [
                "description": "More headers.", "type": ["object", "null"],
                "additionalProperties": reference("source"),
            ],
            "tls": [
                "description": "The receiver's authorities, and a client certificate.",
                "type": ["object", "null"],
                "properties": [
                    "ca": says("Authorities in place of the system's: a PEM file.", "text"),
                    "certificate": says("A client certificate with its chain: a PEM file.", "text"),
                    "key": says("Its key, without a passphrase.", "source"),
                ],
                "additionalProperties": false,
            ],
            "httpVersion": [
                "description": "HTTP/2 needs an https: URL. Default: 1.1.", "enum": ["1.1", "2", .number("1.1"), 2],
            ],
            "traceparent": says(
                "true: sends the trace context of the attempt (W3C traceparent). Default: false.",
                "flag"
            ),
            "enabled": says("false: as if it were not in the file. Default: true.", "flag"),
            "vars": [
                "description": "Constants for templates, headers, mappings, and the URL's path and query.",
                "type": ["object", "null"], "additionalProperties": reference("text"),
            ],
            "schema": [
                "description": "What happens to a payload that doesn't fit the catalogue. Default: warn.",
                "enum": .list(SchemaMode.allCases.map { .text($0.rawValue) } + [false]),
            ],
            "delivery": [
                "description": "How it is delivered.",
                "type": ["object", "null"],
                "properties": .object(DeliveryOverrides.keys.map { ($0, deliveryKeys[$0] ?? true) }),
                "additionalProperties": false,
            ],
        ]
    }

    private static var deliveryKeys: [String: SchemaValue] {
        [
            "mode": [
                "description": "retry is at least once, single-shot at most once. Default: the profile's.",
                "enum": .list(DeliveryMode.allCases.map { .text($0.rawValue) }),
            ],
            "schedule": [
                "description": "The waits before attempts 2, 3, …; [] is a single attempt.",
                "type": ["array", "null"], "items": reference("duration"), "maxItems": 1000,
            ],
            "jitter": says("The largest part of a wait that is added at random. Default: 20%.", "percentage"),
            "timeout": says("For the whole attempt. Default: 15s.", "duration"),
            "connectTimeout": says("For connecting, TLS included. Default: 5s.", "duration"),
            "maxInFlight": says("Requests at once to this receiver. Default: 8.", "count"),
            "rateLimit": says("Requests to this receiver, evenly paced.", "rate"),
            "ordered": says("In order of acceptance, one after the other. Default: false.", "flag"),
            "disableAfter": says("After this time of nothing but failures it is disabled. Default: 5d.", "duration"),
            "breaker": [
                "description": "A pause after failures in a row.",
                "type": ["object", "null"],
                "properties": [
                    "failures": says("How many open it. Default: 10.", "count"),
                    "pause": says("The first pause; it doubles up to 10 minutes. Default: 30s.", "duration"),
                ],
                "additionalProperties": false,
            ],
        ]
    }

    private static func reference(_ name: String) -> SchemaValue { ["$ref": .text("#/$defs/\(name)")] }

    private static func says(_ description: String, _ name: String) -> SchemaValue {
        ["description": .text(description), "$ref": .text("#/$defs/\(name)")]
    }
}

/// The formats of values.
private enum ValueSchemas {
    static let definitions: [(String, SchemaValue)] = [
        // As it is written: `name: no` is a text too.
        ("text", ["type": ["string", "number", "boolean"]]),
        ("flag", ["type": "boolean"]),
        (
            "source",
            [
                "description": "The value itself, { env: NAME } or { file: PATH }.",
                "anyOf": [
                    ["type": ["string", "number", "boolean"]],
                    [
                        "type": "object", "properties": ["env": ["type": "string"], "file": ["type": "string"]],
                        "minProperties": 1, "maxProperties": 1, "additionalProperties": false,
                    ],
                ],
            ]
        ),
        ("count", ["type": "integer", "minimum": 1, "maximum": 1_000_000]),
        ("duration", pattern("^([0-9]+(ms|s|m|h|d)|0)$", "250ms, 15s, 5m, 2h, 5d", orZero: true)),
        (
            "size",
            [
                "description": "512, 64KiB, 20MB", "type": ["string", "integer"], "minimum": 1,
                "pattern": "^[0-9]+(B|KB|kB|MB|GB|KiB|MiB|GiB)?$",
            ]
        ),
        ("percentage", pattern("^([0-9]+(\\.[0-9]+)?%|0)$", "20%, 12.5%, 0", orZero: true)),
        ("rate", pattern("^[0-9]+/[smh]$", "100/s, 600/m, 1000/h", orZero: false)),
    ]

    private static func pattern(_ pattern: String, _ examples: String, orZero: Bool) -> SchemaValue {
        [
            "description": .text(examples), "type": orZero ? .list(["string", "integer"]) : .text("string"),
            "pattern": .text(pattern), "maximum": 0,
        ]
    }
}

/// Filters and their conditions.
private enum FilterSchema {
    static let filter: SchemaValue = [
        "type": ["object", "null"],
        "properties": [
            "any": [
                "description": "One filter of the list must hold.", "type": "array",
                "items": ["$ref": "#/$defs/filter"],
            ],
            "not": ["description": "This filter must not hold.", "$ref": "#/$defs/filter"],
        ],
        "patternProperties": ["^(topic|tenant|id|test|data(\\..+)?)$": ["$ref": "#/$defs/condition"]],
        "additionalProperties": false,
    ]

    static let condition: SchemaValue = [
        "anyOf": [
            ["type": ["string", "number", "boolean", "null"]],
            [
                "type": "object",
                "properties": .object(FilterLoader.operators.map { ($0, operators[$0] ?? true) }),
                "minProperties": 1,
                "additionalProperties": false,
            ],
        ]
    ]

    private static var operators: [String: SchemaValue] {
        let scalar: SchemaValue = ["type": ["string", "number", "boolean", "null"]]
        let order: SchemaValue = ["type": ["string", "number", "boolean"]]
        let text: SchemaValue = ["type": ["string", "number", "boolean"]]
        let list: SchemaValue = ["type": "array", "items": scalar]
        return [
            "eq": scalar, "ne": scalar, "in": list, "nin": list, "gt": order, "gte": order, "lt": order, "lte": order,
            "exists": ["type": "boolean"], "startsWith": text, "endsWith": text, "contains": scalar,
            "any": ["type": "array", "items": ["$ref": "#/$defs/condition"]], "not": ["$ref": "#/$defs/condition"],
        ]
    }
}
