import Testing
import WebhookCore

@testable import WebhookRegistry

/// A subscription's constants in its URL and headers.
@Suite struct VariableTests {
    private func configuration(_ url: String, _ vars: String, _ more: String = "") -> String {
        """
        subscriptions:
          - name: a
            url: \(url)
            topics: ["**"]
            profile: braincert
            vars: \(vars)
            \(more)
        """
    }

    private func subscription(_ url: String, _ vars: String, environment: [String: String] = [:]) -> Subscription? {
        Sample.only(configuration(url, vars), environment: environment)
    }

    @Test(
        arguments: [
            ("https://crm.example.com/{{vars.school}}/hook", "{ school: north }", "/north/hook"),
            (
                "\"https://crm.example.com:8443/a?s={{ vars.school }}&r={{vars.region}}\"", "{ school: n, region: 7 }",
                "/a?s=n&r=7"
            ),
            ("https://crm.example.com?on={{vars.on}}", "{ on: true }", "/?on=true"),
            // Nothing in a constant ends a part of the path, begins a query or another address.
            (
                "https://crm.example.com/{{vars.s}}/x", "{ s: \"a/..b?c#d&e=f%2F\" }",
                "/a%2F..b%3Fc%23d%26e%3Df%252F/x"
            ),
            ("https://crm.example.com/{{vars.s}}", "{ s: \"Žižkov 3\" }", "/%C5%BDi%C5%BEkov%203"),
            ("https://crm.example.com/{{vars.s}}", "{ s: \"//evil.example\" }", "/%2F%2Fevil.example"),
            ("https://crm.example.com/{{vars.s}}.json", "{ s: \".\" }", "/..json"),
            // A constant that looks like another is a text.
            ("https://crm.example.com/{{vars.s}}", "{ s: \"{{vars.t}}\", t: 1 }", "/%7B%7Bvars.t%7D%7D"),
        ]
    )
    func constantsOfAnURL(url: String, vars: String, target: String) throws {
        let url = try #require(subscription(url, vars)).url
        #expect(url.target == target)
        #expect(url.host == "crm.example.com")
    }

    @Test(
        arguments: [
            (
                "https://{{vars.s}}.example.com/", "{ s: a }",
                "`url` can't take its host or port from `vars`: write them out"
            ),
            (
                "https://crm.example.com:{{vars.s}}/", "{ s: 1 }",
                "`url` can't take its host or port from `vars`: write them out"
            ),
            (
                "https://crm.example.com/{{vars.scool}}", "{ school: a }",
                "`vars` has no `scool`; did you mean `school`?"
            ),
            ("https://crm.example.com/{{vars.s}}", "{}", "`vars` has no `s`; it has none"),
            ("https://crm.example.com/{{vars.s}}", "{ s: \"\" }", "`url` asks for a constant of `vars` that is empty"),
            (
                "https://crm.example.com/{{data.id}}", "{}",
                "`url` takes constants of `vars` alone, {{vars.NAME}}: no event changes where it goes"
            ),
            (
                "https://crm.example.com/{{{vars.s}}}", "{ s: 1 }",
                "`url` takes constants of `vars` alone, {{vars.NAME}}: no event changes where it goes"
            ),
            (
                "https://crm.example.com/{{vars.s}}/x", "{ s: .. }",
                "a constant of `vars` makes `.` or `..` of a part of the path in `url`"
            ),
            (
                "https://crm.example.com/.{{vars.s}}/x", "{ s: . }",
                "a constant of `vars` makes `.` or `..` of a part of the path in `url`"
            ),
            (
                "https://crm.example.com/{{vars.s}}", "{ s: \"a\\r\\nHost: b\" }",
                "`url` asks for a constant of `vars` that holds control characters"
            ),
            (
                "\"https://crm.example.com/x?a={{vars.s}}\"", "{ s: \"a\\0\" }",
                "`url` asks for a constant of `vars` that holds control characters"
            ),
            (
                "https://crm.example.com/{{vars.s}}/x", "{ s: a/../b }",
                "`url` asks for a constant of `vars` that has `.` or `..` as a part of a path"
            ),
            (
                "https://crm.example.com/{{vars.s}}/x", "{ s: '..\\b' }",
                "`url` asks for a constant of `vars` that has `.` or `..` as a part of a path"
            ),
            (
                "https://crm.example.com/{{vars.s", "{ s: 1 }",
                "`url` holds a character that a URL cannot (RFC 3986); percent-encode it after the host"
            ),
            ("\"{{vars.s}}://crm.example.com/\"", "{ s: https }", "`url` must begin with https:// or http://"),
        ]
    )
    func whatAnURLCannotTake(url: String, vars: String, message: String) {
        #expect(Sample.problems(configuration(url, vars)) == ["w.yaml:3:10: \(message)"])
    }

    @Test func aSecretURLNamesNothing() throws {
        let environment = ["HOOK": "https://crm.example.com/{{vars.token_in_here}}"]
        let problems = Sample.problems(configuration("{ env: HOOK }", "{ s: a }"), environment: environment)
        #expect(problems == ["w.yaml:3:17: `url` asks for a constant that `vars` lacks"])
        let known = subscription("{ env: HOOK }", "{ token_in_here: t }", environment: environment)
        #expect(try #require(known).url.target == "/t")
        #expect(known?.url.display == "https://crm.example.com:443/***")
    }

    @Test func aLongOneIsRefusedAsAnyOther() {
        let long = String(repeating: "x", count: 9_000)
        let problems = Sample.problems(configuration("https://crm.example.com/{{vars.s}}", "{ s: \(long) }"))
        #expect(problems == ["w.yaml:3:10: `url` is longer than 8000 bytes"])
    }

    @Test func eachSubscriptionHasItsOwn() throws {
        let text = """
            defaults: { vars: { school: north, region: 7 }, headers: { X-School: "{{vars.school}} of {{vars.region}}" } }
            subscriptions:
              - { name: a, url: "https://crm.example.com/{{vars.school}}", topics: ["**"], profile: braincert }
              - { name: b, url: "https://crm.example.com/{{vars.school}}", topics: ["**"], profile: braincert,
                  vars: { school: south } }
            """
        let loaded = Sample.load(text)
        #expect(loaded.diagnostics == [])
        let subscriptions = try #require(loaded.registry).subscriptions
        #expect(subscriptions.map(\.url.target) == ["/north", "/south"])
        #expect(subscriptions.map { $0.headers.map(\.value.text) } == [["north of 7"], ["south of 7"]])
    }

    @Test func whatAHeaderCannotTake() {
        let more = "headers: { X-A: \"{{vars.scool}}\", X-B: \"{{topic}}\", X-C: \"{{vars.line}}\" }"
        let problems = Sample.problems(
            configuration("https://crm.example.com/", "{ school: a, line: \"a\\nb\" }", more)
        )
        #expect(
            problems == [
                "w.yaml:7:16: `vars` has no `scool`; did you mean `school`?",
                "w.yaml:7:39: warning: braces are sent as they stand here, but for constants of `vars`: {{vars.NAME}}",
                "w.yaml:7:57: the header X-C holds a line break or another control character, which a header cannot "
                    + "carry",
            ]
        )
    }

    /// A header that a profile makes of a constant would be left out quietly.
    @Test func aProfilesHeaderNeedsItsConstant() {
        let profile = """
            title: T
            contentTypes: [application/json]
            headers: { X-School: "{{vars.school}}", X-Region: "{{#vars.region}}{{vars.region}}{{/vars.region}}" }
            body: { d: $data }
            topics: [{ topic: a.b, title: t, trigger: t, documented: true, example: {} }]
            """
        let text = "templates: t\n" + Sample.subscription("", profile: "my")
        #expect(
            Sample.problems(text, files: ["t/my/profile.yaml": profile]) == [
                "w.yaml:3:5: profile my asks for `school` of `vars`, which is missing"
            ]
        )
        let good = "templates: t\n" + Sample.subscription("vars: { school: a }", profile: "my")
        #expect(Sample.problems(good, files: ["t/my/profile.yaml": profile]) == [])
    }
}
