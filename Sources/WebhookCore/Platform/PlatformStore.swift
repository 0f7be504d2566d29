/// This is the store of the HTTP API beside events and deliveries: applications, event types, messages' side, answers, tokens, tasks.
///
/// A store that nobody serves has these tables empty: who only emits pays nothing for them.
package protocol PlatformStore: Sendable {
    /// Makes changes in one transaction, together with the answer to the request that asked for them: all or nothing.
    func apply(_ changes: [PlatformChange], answer: StoredAnswer?) async throws(StoreError) -> PlatformResult

    /// The answer to a request that came before, and has not expired.
    func answer(_ key: ByteString, at instant: Timestamp) async throws(StoreError) -> StoredAnswer?

    /// Applications that live, by id.
    func applications(_ page: PageWalk, _ filter: ApplicationFilter) async throws(StoreError) -> [Application]

    /// The application of an id or uid.
    func application(_ reference: String) async throws(StoreError) -> Application?

    /// Tells whether a tenant was another application's, or is one's.
    func tenant(_ tenant: String) async throws(StoreError) -> TenantHistory

    /// Event types by name.
    func eventTypes(_ page: PageWalk, archived: Bool) async throws(StoreError) -> [EventType]

    func eventType(_ name: String) async throws(StoreError) -> EventType?

    /// An application's messages by row.
    func messages(_ query: MessageQuery) async throws(StoreError) -> MessagePage

    /// The number of an application's messages that a query finds, in whatever part of the list.
    func usage(_ query: MessageQuery) async throws(StoreError) -> MessageUsage

    /// The deliveries of a subscription that were made in a time, counted by state, in the order of the states' codes.
    ///
    /// - Parameter tenant: only of events of this tenant; `nil`: of all.
    func counts(
        of subscription: String,
        tenant: String?,
        in time: Range<Timestamp>
    ) async throws(StoreError) -> [DeliveryCount]

    /// The message of an id or eventId in an application, with its payload.
    func message(_ reference: String, of application: Application) async throws(StoreError) -> LoggedMessage?

    /// The platform's own id of a message; `nil` where it has none, or the event is no message.
    func eventID(ofMessage id: String) async throws(StoreError) -> String?

    /// The ids of messages that have an own id of the platform's, of whatever application; at most some.
    func messageIDs(ofEventID id: String, limit: Int) async throws(StoreError) -> [String]

    /// The row of an event; `nil` for an unknown id.
    func row(ofEvent id: String) async throws(StoreError) -> Int64?

    /// Messages whose payload is to be erased by now.
    func expiredMessages(at instant: Timestamp, limit: Int) async throws(StoreError) -> [String]

    /// The token of a digest; also one whose time is over, until it is forgotten.
    func token(_ digest: ByteString) async throws(StoreError) -> AccessToken?

    /// Tasks by id.
    func tasks(_ page: PageWalk, kind: String?, state: BackgroundTask.State?) async throws(StoreError)
        -> [BackgroundTask]

    func task(_ id: String) async throws(StoreError) -> BackgroundTask?

    /// Claims tasks that nobody works on, the oldest first: those that nobody has claimed, and those whose claim has run out by
    /// the store's clock. Of several processes that claim a task one gets it. A task waits for the older ones of its subject, and
    /// while two of its application are claimed; those of applications with fewer come first.
    ///
    /// - Parameter kinds: those that the owner knows.
    func claimTasks(
        of kinds: [String],
        for owner: NodeID,
        length: Duration,
        limit: Int
    ) async throws(StoreError) -> [BackgroundTask]
}

extension PlatformStore {
    /// All applications that live, by id.
    package func applications(_ page: PageWalk) async throws(StoreError) -> [Application] {
        try await applications(page, ApplicationFilter())
    }
}

/// A change of what the HTTP API keeps.
package enum PlatformChange: Sendable, Hashable {
    case insertApplication(Application)
    case updateApplication(Application)
    case deleteApplication(id: String, at: Timestamp)
    case insertEventType(EventType)
    case updateEventType(EventType)
    case removeEventType(name: String)
    case insertToken(AccessToken)
    case removeToken(digest: ByteString)
    /// Ends tokens of an application, of all sessions or of some.
    case expireTokens(application: String, sessions: [String]?, at: Timestamp)
    /// A new task; ``PlatformResult/full`` where its application has `most` that have not ended.
    case insertTask(BackgroundTask, most: Int = .max)
    /// A step of a task: ``PlatformResult/missing`` where the claim doesn't hold any more.
    case step(TaskClaim, TaskStep)
    /// Drops answers and tokens whose time was over, and tasks that had ended, each by a time of its own.
    case forgetExpired(answers: Timestamp, tokens: Timestamp, tasks: Timestamp)
}

/// The result of changes.
package enum PlatformResult: Sendable, Hashable {
    case done
    /// The row to be changed is gone.
    case missing
    /// A uid, tenant or name is another's.
    case taken
    /// The request was answered before; nothing was changed.
    case answered
    /// There are as many as there may be.
    case full
}

/// The applications that a tenant belongs to, or has belonged to.
package struct TenantHistory: Sendable, Hashable {
    /// One that lives has it.
    package var isTaken = false
    /// One that was deleted had it.
    package var wasUsed = false

    package init() {}
}

/// A walk over rows by their keys, from behind one of them.
package struct PageWalk: Sendable, Hashable {
    package var from: String?
    package var isDescending: Bool
    package var limit: Int

    package init(from: String? = nil, isDescending: Bool = false, limit: Int) {
        self.from = from
        self.isDescending = isDescending
        self.limit = limit
    }
}
