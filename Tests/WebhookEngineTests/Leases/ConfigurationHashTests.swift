import Testing
import WebhookCore
import WebhookEngine
import WebhookSimulation

@Suite("Leases: nodes with the same configuration")
struct ConfigurationHashTests {
    private let names = ["crm", "erp", "sis"]

    @Test("The order makes no difference, nor does a subscription that isn't enabled")
    func isASum() {
        let all = names.map { subscription($0) }
        var disabled = subscription("off")
        disabled.isEnabled = false
        #expect(ConfigurationHash(all) == ConfigurationHash(all.reversed() + [disabled]))
        #expect(ConfigurationHash(all) != ConfigurationHash(Array(all.dropLast())))
        #expect(ConfigurationHash(rawValue: ConfigurationHash(all).rawValue) == ConfigurationHash(all))
    }

    @Test("Adding and removing comes to the same as the whole")
    func changes() {
        var hash = ConfigurationHash(names.map { subscription($0) })
        hash.remove(subscription("erp"))
        hash.add(subscription("lms"))
        hash.add(nil)
        #expect(hash == ConfigurationHash(["crm", "sis", "lms"].map { subscription($0) }))
    }

    @Test("What decides about deliveries counts, and a secret doesn't")
    func countsWhatMatters() throws {
        let base = subscription("crm")
        let hash = ConfigurationHash([base])
        func changed(_ change: (inout Subscription) throws -> Void) rethrows -> ConfigurationHash {
            var other = base
            try change(&other)
            return ConfigurationHash([other])
        }
        #expect(changed { $0.policy.maxInFlight += 1 } != hash)
        #expect(changed { $0.url.port += 1 } != hash)
        #expect(changed { $0.tenant = "school-42" } != hash)
        #expect(changed { $0.headers = [ConfiguredHeader(name: "a", value: "b")] } != hash)
        #expect(changed { $0.secrets = [Secret("whsec_other")] } == hash)
        #expect(changed { $0.headers = [ConfiguredHeader(name: "a", secret: Secret("1"))] } != hash)
        let one = changed { $0.headers = [ConfiguredHeader(name: "a", secret: Secret("1"))] }
        #expect(changed { $0.headers = [ConfiguredHeader(name: "a", secret: Secret("2"))] } == one)
        #expect(changed { $0.title = "CRM" } == hash)
    }
}
