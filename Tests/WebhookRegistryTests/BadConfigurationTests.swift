import Testing
import WebhookCore
import WebhookRegistry

/// Configurations with problems, and the messages word for word.
@Suite struct BadConfigurationTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var text: String
        var messages: [String]
        var testDescription: String { messages.first ?? "fine" }

        init(_ text: String, _ messages: String...) {
            self.text = text
            self.messages = messages
        }

        /// Lines of a subscription; the first is line 6.
        init(lines: String, profile: String = "braincert", topics: String = "[\"**\"]", _ messages: String...) {
            text = Sample.subscription(lines, profile: profile, topics: topics)
            self.messages = messages
        }
    }

    static let general: [Row] = [
        Row("", "w.yaml:1:1: the file is empty"),
        Row("just text", "w.yaml:1:1: the configuration must be a mapping: key, colon, space, value"),
        Row(
            "subscriptoins: []\n",
            "w.yaml:1:1: unknown key `subscriptoins` in the configuration; did you mean `subscriptions`?"
        ),
        Row(
            "dispatcher: { maxInFlight: 0, shutdownGrace: soon, retention: 0s, x: 1, maxBody: 1GiB }",
            "w.yaml:1:28: `maxInFlight` must be a whole number from 1 to 1000000",
            "w.yaml:1:46: `shutdownGrace` must be a duration, a whole number with ms, s, m, h or d: 250ms, 15s, 5m, 2h, 5d",
            "w.yaml:1:63: `retention` must be more than 0",
            "w.yaml:1:67: unknown key `x` in `dispatcher`; it may have `maxInFlight`, `shutdownGrace`, `retention`, "
                + "`maxBody` and `lease`",
            "w.yaml:1:82: `maxBody` must be a size from 1KiB to 512MiB, a whole number with KiB, MiB, KB or MB: 64KiB, 20MB"
        ),
        Row(
            "store: var/x.sqlite",
            "w.yaml:1:8: `store` must be sqlite:PATH, such as sqlite:../var/webhooks.sqlite, or "
                + "postgres://USER@HOST/DATABASE"
        ),
        Row(
            "server: { listen: \"0.0.0.0:80\", tokens: [short], publicURL: ftp://x, maxBody: 1GiB, encryptionKey: abc, x: 1 }",
            "w.yaml:1:19: `listen` is open to other machines: add `public: true` to `server` if that is meant",
            "w.yaml:1:42: a token has fewer than 32 characters: it can be guessed; `webhooks keygen --token` makes one",
            "w.yaml:1:61: `publicURL` must be http:// or https:// with a host, such as https://hooks.example.com",
            "w.yaml:1:79: `maxBody` must be a size from 1KiB to 32MiB, a whole number with KiB, MiB, KB or MB: 64KiB, 20MB",
            "w.yaml:1:100: `encryptionKey` must be 32 bytes in base64",
            "w.yaml:1:105: unknown key in `server`; it may have `listen`, `public`, `publicURL`, `tokens`, `metricsToken`, "
                + "`encryptionKey`, `maxBody`, `maxEndpoints` and `console`"
        ),
        Row(
            "server: { tokens: [\"${NAME_OF_A_VARIABLE_WITH_THE_TOKEN}\"], metricsToken: \"${NAME_OF_A_VARIABLE_WITH_THE_TOKEN}\", "
                + "encryptionKey: \"${NAME}\" }",
            "w.yaml:1:20: a secret takes no ${NAME}: write { env: NAME }, which nothing shows",
            "w.yaml:1:75: a secret takes no ${NAME}: write { env: NAME }, which nothing shows",
            "w.yaml:1:130: a secret takes no ${NAME}: write { env: NAME }, which nothing shows"
        ),
        Row(
            "server: { listen: somewhere }",
            "w.yaml:1:19: `listen` must be an address and a port, such as 127.0.0.1:8071 or [::1]:8071"
        ),
        Row("dispatcher: { lease: 1s }", "w.yaml:1:22: `lease` must be from 2s to 1h"),
        Row("dispatcher: { lease: 2h }", "w.yaml:1:22: `lease` must be from 2s to 1h"),
        Row("store:\n", "w.yaml:1:1: `store` needs a value"),
        Row(
            "profile: standrad",
            "w.yaml:1:10: there is no profile `standrad`; did you mean `standard`? known are `360learning`, "
                + "`braincert`, `canvas`, `docebo`, `fellow`, `fermion`, `kajabi`, `lms`, `loopwise`, `slack`, `standard`, "
                + "`svix`, `teachify`, `thinkific`, `webhooks` and `woocommerce`"
        ),
        Row("templates: nowhere", "w.yaml:1:12: `templates`: the folder nowhere does not exist"),
        Row(
            "egress: { allow: [localhost], proxy: ftp://x }",
            "w.yaml:1:19: an entry of `allow` must be a network (10.0.0.0/8), a network and port (10.0.0.0/8:8080, "
                + "[fd00::/8]:443) or host:port",
            "w.yaml:1:38: `proxy` must begin with https:// or http://"
        ),
        Row(
            "defaults: { topics: [a], enabled: 1 }",
            "w.yaml:1:13: `topics` belongs to a subscription, not to `defaults`",
            "w.yaml:1:35: `enabled` must be true or false"
        ),
        Row(
            "subscriptions: { a: 1 }",
            "w.yaml:1:16: `subscriptions` must be a list: [one, two], or lines that begin with -"
        ),
        Row(
            "subscriptions: [{ title: x }]",
            "w.yaml:1:17: `name` is missing",
            "w.yaml:1:17: `topics` is missing",
            "w.yaml:1:17: `url` is missing",
            "w.yaml:1:17: profile standard needs `secrets`: at least one; make one with `webhooks keygen`"
        ),
        Row(
            """
            subscriptions:
              - { name: a, url: https://x.example/, topics: ["**"], profile: fellow }
              - { name: a, url: https://x.example/, topics: ["**"], profile: fellow }
              - { name: "a b", url: https://x.example/, topics: ["**"], profile: fellow }
            """,
            "w.yaml:3:13: the name a is taken by the subscription in line 2",
            "w.yaml:4:13: `name` must be 1 to 64 letters, digits, '.', '_' and '-'"
        ),
    ]

    static let entries: [Row] = [
        Row(
            lines: "conntentType: x",
            "w.yaml:6:5: unknown key `conntentType` in a subscription; did you mean `contentType`?"
        ),
        Row(
            lines: "contentType: text/plain",
            "w.yaml:6:18: `contentType` must be one of `application/json`, `application/xml` and "
                + "`application/x-www-form-urlencoded`"
        ),
        Row(
            lines: "contentType: application/x-www-form-urlencoded",
            "w.yaml:6:18: profile braincert does not offer this `contentType`; it offers `application/json` and `application/xml`"
        ),
        Row(
            lines: "",
            topics: "[course.craeted, nope.*, Bad!, '*.created']",
            "w.yaml:4:14: profile braincert has no topic `course.craeted`; did you mean `course.created`?",
            "w.yaml:4:30: no topic of profile braincert matches `nope.*`; see `webhooks topics list --profile braincert`",
            "w.yaml:4:38: a topic is letters, digits, _ and -, in segments joined by dots, for example course.created; "
                + "in a pattern * stands for one segment and ** for one or more"
        ),
        Row(lines: "", topics: "[]", "w.yaml:4:5: `topics` needs at least one; [\"**\"] is all of them"),
        Row(
            lines: "",
            topics: "user.created",
            "w.yaml:4:13: `topics` must be a list: [one, two], or lines that begin with -"
        ),
        Row(lines: "secrets: [x]", "w.yaml:6:5: profile braincert has no signature, so `secrets` has no use"),
        Row(lines: "", profile: "fermion", "w.yaml:2:5: profile fermion needs `secrets`: at least one"),
        Row(lines: "secrets: []", profile: "fermion", "w.yaml:6:5: profile fermion needs `secrets`: at least one"),
        Row(
            lines: "secrets: [plainly]",
            profile: "standard",
            "w.yaml:6:15: the secret must begin with whsec_ (or whsk_ for Ed25519); make one with `webhooks keygen`"
        ),
        Row(
            lines: "secrets: [whsec_c2hvcnQ=, whsk_AAAA, whpk_AAAA]",
            profile: "standard",
            "w.yaml:6:15: a secret whsec_… must hold 24 to 64 bytes in base64; make one with `webhooks keygen`",
            "w.yaml:6:31: a key whsk_… must hold 64 bytes in base64; make one with `webhooks keygen --ed25519`",
            "w.yaml:6:42: this is a public key (whpk_…), which receivers get; signing needs the key whsk_… beside it"
        ),
        Row(
            lines: "bearer: a\nbasicAuth: { username: 'a:b' }",
            "w.yaml:6:5: `bearer` and `basicAuth` exclude each other: both set Authorization",
            "w.yaml:7:16: `password` is missing"
        ),
        Row(
            lines: "basicAuth: { username: 'a:b', password: c }",
            "w.yaml:6:28: `username` must not hold a colon (RFC 7617)"
        ),
        Row(
            lines: "basicAuth: { username: \"a:\\u0301\", password: c }",
            "w.yaml:6:28: `username` must not hold a colon (RFC 7617)"
        ),
        Row(lines: "bearer: \"a b\"", "w.yaml:6:13: `bearer` must be the token alone: ASCII without spaces"),
        Row(
            lines: "authorization: \"a\\nb\"",
            "w.yaml:6:20: `authorization` holds a line break or another control character, which a header cannot carry"
        ),
        // C1 controls are two bytes each: none of the bytes looks like a control.
        Row(
            lines: "authorization: \"a\\x85b\"\nheaders: { X: \"a\\x9fb\" }",
            "w.yaml:6:20: `authorization` holds a line break or another control character, which a header cannot carry",
            "w.yaml:7:19: the header X holds a line break or another control character, which a header cannot carry"
        ),
        Row(lines: "title: \"a\\x85b\"", "w.yaml:6:12: `title` must not hold control characters"),
        Row(
            lines: "headers: { Keep-Alive: a, PROXY-connection: b, Trailer: c, Content-Encoding: gzip }",
            "w.yaml:6:16: the header Keep-Alive cannot be configured: it is set by HTTP itself",
            "w.yaml:6:31: the header PROXY-connection cannot be configured: it is set by HTTP itself",
            "w.yaml:6:52: the header Trailer cannot be configured: it is set by HTTP itself",
            "w.yaml:6:64: the header Content-Encoding cannot be configured: it is set by HTTP itself"
        ),
        Row(
            lines:
                "headers: { Host: a, content-length: 1, Content-Type: x, 'a b': c, X: \"a\\rb\", Y: a, y: b, Z: \"\\0\" }",
            "w.yaml:6:16: the header Host cannot be configured: it is set by HTTP itself",
            "w.yaml:6:25: the header content-length cannot be configured: it is set by HTTP itself",
            "w.yaml:6:44: the header Content-Type cannot be configured: it is set by HTTP itself; choose it with `contentType`",
            "w.yaml:6:61: this is not a header's name: letters, digits and - (RFC 9110)",
            "w.yaml:6:74: the header X holds a line break or another control character, which a header cannot carry",
            "w.yaml:6:88: the header y stands here twice; see line 6",
            "w.yaml:6:97: the header Z holds a line break or another control character, which a header cannot carry"
        ),
        Row(
            lines:
                "secrets: [sixteen-bytes-ok]\nheaders: { X-FERMION-Webhook-Secret: a, Authorization: b }\nbearer: sixteen-bytes-ok",
            profile: "fermion",
            "w.yaml:7:16: the header X-FERMION-Webhook-Secret is set by profile fermion",
            "w.yaml:7:45: the header Authorization is set already, by `basicAuth`, `bearer` or `authorization`"
        ),
        Row(lines: "headers: [a]", "w.yaml:6:14: `headers` must be a mapping of names to values"),
        Row(
            lines: "body: x.mustache",
            "w.yaml:6:11: `body` must be a file whose name says what it makes: NAME.json.mustache, NAME.xml.mustache or NAME.form.mustache"
        ),
        Row(lines: "body: b/x.json.mustache", "w.yaml:6:11: `body`: the file b/x.json.mustache does not exist"),
        Row(
            lines: "body: ok.xml.mustache\ncontentType: application/json",
            "w.yaml:7:18: `contentType` contradicts `body`, whose name says application/xml"
        ),
        Row(lines: "tls: { certificate: client.pem }", "w.yaml:6:12: `certificate` needs its `key` beside it"),
        Row(
            lines: "tls: { ca: client.key, certificate: client.pem, key: nonsense }",
            "w.yaml:6:16: `ca`: the file client.key holds no certificate in PEM",
            "w.yaml:6:58: `key` is not a private key in PEM; for a file write { file: PATH }"
        ),
        Row(lines: "httpVersion: 3", "w.yaml:6:18: `httpVersion` must be one of `1.1` and `2`"),
        Row(lines: "tenant: \"a\\nb\"", "w.yaml:6:13: `tenant` must be 1 to 256 bytes without control characters"),
        Row(lines: "title: [a]", "w.yaml:6:12: `title` must be a text"),
        Row(
            lines: "bearer: { env: NOT_THERE }\nsecrets: [{ file: no.secret }]",
            profile: "fermion",
            "w.yaml:6:20: `bearer`: the environment variable NOT_THERE is not set",
            "w.yaml:7:23: a secret: the file no.secret does not exist"
        ),
        Row(
            lines: "bearer: { env: A, file: b }",
            "w.yaml:6:13: `bearer` must be a text, or have one of `env` and `file`"
        ),
        Row(lines: "bearer: { env: $A }", "w.yaml:6:20: `env` must be the name of an environment variable, without $"),
        Row(lines: "bearer: { file: empty.secret }", "w.yaml:6:21: `bearer`: the file empty.secret is empty"),
    ]

    static let delivery: [Row] = [
        Row(
            lines:
                "delivery: { mode: once, jitter: 101%, timeout: 0s, connectTimeout: 5, maxInFlight: 1.5, rateLimit: 0/s }",
            "w.yaml:6:23: `mode` must be one of `retry` and `single-shot`",
            "w.yaml:6:37: `jitter` must be a percentage from 0% to 100%, such as 20%",
            "w.yaml:6:52: `timeout` must be more than 0",
            "w.yaml:6:72: `connectTimeout` must be a duration, a whole number with ms, s, m, h or d: 250ms, 15s, 5m, 2h, 5d",
            "w.yaml:6:88: `maxInFlight` must be a whole number from 1 to 1000000",
            "w.yaml:6:104: `rateLimit` must be a rate, a whole number from 1 to 1000000000 with /s, /m or /h: 100/s, 600/m"
        ),
        Row(
            lines: "delivery: { rateLimit: 4000000000/h }",
            "w.yaml:6:28: `rateLimit` must be a rate, a whole number from 1 to 1000000000 with /s, /m or /h: 100/s, 600/m"
        ),
        Row(
            lines: "delivery: { timeout: 99999999999999999999s, connectTimeout: 4000d }",
            "w.yaml:6:26: `timeout` must be at most 3650d",
            "w.yaml:6:65: `connectTimeout` must be at most 3650d"
        ),
        Row(
            lines: "delivery: { timeout: 61m, connectTimeout: 2h }",
            "w.yaml:6:26: `timeout` must be at most 1h",
            "w.yaml:6:47: `connectTimeout` must be at most 1h"
        ),
        Row(
            lines: "delivery: { schedule: [5s, -5m], ordered: yes, breaker: { failures: 0, pauze: 1s } }",
            "w.yaml:6:17: warning: `schedule` does nothing here: under `mode: single-shot` there is one attempt and no other",
            "w.yaml:6:32: a wait in `schedule` must be a duration, a whole number with ms, s, m, h or d: 250ms, 15s, 5m, 2h, 5d",
            "w.yaml:6:47: `ordered` must be true or false",
            "w.yaml:6:73: `failures` must be a whole number from 1 to 1000000",
            "w.yaml:6:76: unknown key `pauze` in `breaker`; did you mean `pause`?"
        ),
        Row(lines: "delivery: 15s", "w.yaml:6:15: `delivery` must be a mapping: key, colon, space, value"),
        Row(
            lines: "filter: { any: [], course.id: 1, data..x: 1, topic.x: 1 }",
            "w.yaml:6:20: `any` needs at least one condition",
            "w.yaml:6:24: a path begins with data., or is `topic`, `tenant`, `id` or `test`: data.course.id",
            "w.yaml:6:38: a path begins with data., or is `topic`, `tenant`, `id` or `test`: data.course.id",
            "w.yaml:6:50: a path begins with data., or is `topic`, `tenant`, `id` or `test`: data.course.id"
        ),
        Row(
            lines: "filter: { data.a: [1], data.b: { gtee: 1 }, data.c: { in: [] }, data.d: { gt: null }, data.e: {} }",
            "w.yaml:6:23: a condition cannot be a list; write { in: [one, two] }",
            "w.yaml:6:38: unknown operator `gtee`; did you mean `gte`?",
            "w.yaml:6:63: `in` needs at least one value",
            "w.yaml:6:83: `gt` needs a number or a text",
            "w.yaml:6:99: a condition needs an operator: `eq`, `ne`, `in`, `nin`, `gt`, `gte`, `lt`, `lte`, `exists`, "
                + "`startsWith`, `endsWith`, `contains`, `any` and `not`"
        ),
        Row(
            lines:
                "filter: { data.a: { exists: 1, any: [], not: [1] }, data.b: { eq: [1] }, data.c: 1e9999999999999999999 }",
            "w.yaml:6:33: `exists` must be true or false",
            "w.yaml:6:41: `any` needs at least one condition",
            "w.yaml:6:50: a condition cannot be a list; write { in: [one, two] }",
            "w.yaml:6:71: a condition compares with a single value: a text, a number, true, false or null",
            "w.yaml:6:86: the number's exponent is too large"
        ),
    ]

    @Test(arguments: general + entries + delivery)
    func messages(_ row: Row) {
        let files = [
            "ok.xml.mustache": "<a/>", "client.pem": Sample.certificate, "client.key": Sample.key, "empty.secret": "\n",
        ]
        #expect(Sample.problems(row.text, files: files) == row.messages)
    }

    @Test func missingFile() {
        let loaded = ConfigurationLoader(environment: [:], files: MemoryFiles([:])).load(path: "config/webhooks.yaml")
        #expect(
            loaded.diagnostics.map(\.description) == [
                "config/webhooks.yaml: the configuration does not exist; name another with --config PATH or $WEBHOOKS_CONFIG, "
                    + "or make a first one with `webhooks init`"
            ]
        )
        #expect(loaded.registry == nil)
        #expect(loaded.watchedFiles == ["config/webhooks.yaml"])
    }

    @Test func storeOverride() {
        let loader = ConfigurationLoader(environment: [:], files: MemoryFiles(["w.yaml": "store: nonsense"]))
        let loaded = loader.load(path: "w.yaml", storeOverride: "sqlite:other.sqlite")
        #expect(loaded.registry?.settings.store == .sqlite(path: "other.sqlite"))
        let bad = loader.load(path: "w.yaml", storeOverride: "other.sqlite")
        #expect(bad.hasErrors)
    }
}
