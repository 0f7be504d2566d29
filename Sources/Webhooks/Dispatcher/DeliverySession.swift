internal import CurlTransport
internal import Glibc
internal import SQLiteStore
internal import WebhookCore
internal import WebhookEngine

/// An engine at work: the lock, the store opened for it, the transport and the runner.
struct DeliverySession: Sendable {
    let role: DispatcherRole
    let lock: DispatcherLock
    let store: SQLiteStore
    let transport: CurlTransport
    let runner: EngineRunner

    /// Takes the lock and starts an engine.
    ///
    /// - Throws: ``StoreError`` with `locked`, naming the holder, or with what else is wrong with the store.
    init(
        path: String,
        role: DispatcherRole,
        generation: Generation,
        observer: any EngineObserver
    ) throws(StoreError) {
        self.role = role
        lock = try DispatcherLock.acquire(path: path, role: role.rawValue)
        store = try SQLiteStore.open(path: path, role: .dispatcher)
        do {
            transport = try CurlTransport()
        } catch {
            throw StoreError(.unavailable, "requests can't be sent: \(error)")
        }
        var settings = EngineSettings()
        settings.scope = role == .run ? .all : .own
        settings.maxInFlight = Self.maxInFlight(generation.registry.settings.maxInFlight)
        runner = EngineRunner(
            settings: settings,
            generation: generation,
            store: store,
            transport: transport,
            clock: SystemClock(),
            observer: observer
        )
    }

    /// What is configured, or half of the descriptors that the process may open where that is less: the other half is for
    /// idle connections, the store and the host. More requests would only wait in the transport, on their own time.
    static func maxInFlight(_ configured: Int) -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return configured }
        return min(configured, max(1, Int(clamping: limit.rlim_cur) / 2))
    }

    /// Lets go of everything. What is on the wire must have ended.
    func close() {
        transport.shutdown()
        store.close()
        lock.release()
    }
}
