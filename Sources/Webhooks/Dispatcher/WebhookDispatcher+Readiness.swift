internal import WebhookCore

extension WebhookDispatcher {
    /// Tells whether a dispatcher delivers, for whoever routes work or restarts processes.
    public struct Readiness: Sendable, Hashable {
        /// A reason why a dispatcher does not deliver. A later version may know more of them: a `switch` needs a
        /// default.
        public struct Obstacle: RawRepresentable, Sendable, Hashable {
            /// The name, such as `standby`.
            public let rawValue: String

            /// The reason of a name such as `standby`.
            public init(rawValue: String) { self.rawValue = rawValue }

            /// It runs nowhere in this process, or has ended.
            public static let notRunning = Obstacle(rawValue: "not_running")
            /// It opens its store.
            public static let starting = Obstacle(rawValue: "starting")
            /// Another dispatcher works on the store, and this one waits for its end.
            public static let standby = Obstacle(rawValue: "standby")
            /// It makes no new attempts, and ends.
            public static let stopping = Obstacle(rawValue: "stopping")
            /// The store doesn't take what is recorded, or can't be read.
            public static let storeFailing = Obstacle(rawValue: "store_failing")
        }

        /// `nil`: it delivers.
        public var obstacle: Obstacle?
        /// The obstacle in words, which name no file.
        public var message: String

        /// Tells whether it delivers: store and dispatcher work.
        public var isReady: Bool { obstacle == nil }

        private init(_ obstacle: Obstacle?, _ message: String) {
            (self.obstacle, self.message) = (obstacle, message)
        }
    }
}

extension WebhookDispatcher.Readiness {
    /// The facts that it follows from.
    struct Context {
        /// Runs that have begun and not returned.
        var runs = 0
        var isShuttingDown = false
        var hasSession = false
        /// True when somebody else has the right to dispatch.
        var isWaiting = false
        /// The trouble with the store, in a word.
        var trouble: StoreError.Code?
    }

    init(_ context: Context) {
        switch context {
        case _ where context.runs == 0:
            self.init(.notRunning, "the dispatcher doesn't run")
        case _ where context.isShuttingDown:
            self.init(.stopping, "the dispatcher is shutting down")
        case _ where !context.hasSession && context.isWaiting:
            self.init(.standby, "another dispatcher works on the store; this one waits for its end")
        case _ where !context.hasSession:
            self.init(.starting, "the dispatcher opens its store")
        default:
            let trouble = context.trouble.map {
                "the store does not work (\($0.rawValue)): nothing is delivered until it does"
            }
            self.init(trouble.map { _ in .storeFailing }, trouble ?? "the dispatcher delivers")
        }
    }
}

extension WebhookDispatcher {
    /// The store doesn't take what is recorded; `nil`: it does again. May be told of the same again and again.
    func note(storeTrouble trouble: StoreError?) {
        let (isNew, session, manager) = state.withLock { state in
            let isNew = trouble == nil || state.storeTrouble?.code != trouble?.code
            state.storeTrouble = trouble
            // What reads have met was the same; the next tells where it was not.
            if trouble == nil { (state.readTrouble, state.isDiskFull) = (nil, false) }
            return (isNew, state.session, state.serviceManager)
        }
        guard isNew else { return }
        session?.lock.note(trouble: trouble)
        // It was well all the time: nobody is to wait for the next sign, and to take it for hung until then.
        if trouble == nil { session?.lock.noteAlive() }
        manager?.note(trouble: trouble?.code.rawValue)
    }

    /// True while the store answers nothing, and whatever it is asked for would wait.
    package var isStoreSilent: Bool { state.withLock { $0.isSilent } }

    /// The store answers nothing, or does again.
    package func note(isStoreSilent: Bool) { state.withLock { $0.isSilent = isStoreSilent } }

    /// The reason why delivery has stopped for good, which the log has told; `nil`: it has not.
    package var finalFailure: StoreError? { state.withLock { $0.failure } }

    /// The readiness to deliver now. Asks nobody and waits for nothing: for a probe that comes every second.
    public var readiness: Readiness {
        state.withLock { state in
            var context = Readiness.Context()
            context.runs = state.runsUnderWay
            context.isShuttingDown = state.isShuttingDown
            context.hasSession = state.session != nil
            context.isWaiting = state.isWaitingForRight
            // An idle dispatcher has nothing to record that would tell.
            let code = (state.failure ?? state.storeTrouble ?? state.readTrouble)?.code
            context.trouble = code ?? (state.isDiskFull ? .full : nil)
            return Readiness(context)
        }
    }
}
