package import WebhookCore

/// The promises of ``DeliveryStore`` and ``EventLog`` as checks that every store must pass, so that no two drift apart.
///
/// With Swift Testing: `@Test(arguments: StoreConformance.allChecks) func keepsPromise(check: …) async throws
/// { try await check.run(on: harness) }`.
package enum StoreConformance {
    /// The store under test.
    package typealias Store = any DeliveryStore & EventLog

    /// Gives a check its stores.
    package struct Harness: Sendable {
        /// Opens a new, empty store, dating what is appended by the machine's clock.
        package var open: @Sendable () async throws -> Store
        /// Opens another connection to a store's rows, as another process would.
        package var connect: @Sendable (Store) async throws -> Store
        /// Makes commits that need room fail, with whatever error, until ``repair``; `nil` where a store can't.
        package var sabotage: (@Sendable (Store) async throws -> Void)?
        /// Ends ``sabotage``.
        package var repair: (@Sendable (Store) async throws -> Void)?

        package init(
            open: @escaping @Sendable () async throws -> Store,
            connect: @escaping @Sendable (Store) async throws -> Store,
            sabotage: (@Sendable (Store) async throws -> Void)? = nil,
            repair: (@Sendable (Store) async throws -> Void)? = nil
        ) {
            self.open = open
            self.connect = connect
            self.sabotage = sabotage
            self.repair = repair
        }
    }

    /// One promise.
    package struct Check: Sendable, CustomStringConvertible {
        /// The promise in words.
        package var description: String
        private let body: @Sendable (Harness) async throws -> Void

        init(_ description: String, _ body: @escaping @Sendable (Harness) async throws -> Void) {
            self.description = description
            self.body = body
        }

        /// Makes the check with a store that is open already.
        init(_ description: String, _ body: @escaping @Sendable (StoreDriver) async throws -> Void) {
            self.init(description) { (harness: Harness) in
                try await body(StoreDriver(store: harness.open()))
            }
        }

        /// Throws a ``Failure`` where the store breaks the promise.
        package func run(on harness: Harness) async throws {
            try await body(harness)
        }
    }

    /// A broken promise.
    package struct Failure: Error, CustomStringConvertible {
        package var description: String
    }

    /// All promises.
    package static let allChecks: [Check] =
        acceptanceChecks + fanOutChecks + claimChecks + resultChecks + settlementChecks + scheduleChecks
        + healthChecks + pauseChecks + retryChecks + logChecks + attemptChecks + progressChecks + cancelChecks
        + retriggerChecks
        + statisticsChecks + backlogChecks + pruneChecks + durabilityChecks + setAsideChecks

    /// The checks of what a ``LeaseStore`` promises beside.
    package static let leaseChecks: [Check] = leaseHoldingChecks + leaseFenceChecks
}
