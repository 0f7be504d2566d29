internal import Logging
internal import WebhookCore
internal import WebhookEngine
internal import WebhooksSQLite

extension WebhookDispatcher {
    /// The time between two rounds of a dispatcher's work on its store's indexes.
    static let maintenanceInterval: Duration = .seconds(1)

    /// The longest time for which a store may not answer, where leases are longer.
    static let longestSilence: Duration = .seconds(30)

    /// Keeps the log searchable, for as long as the task lives.
    func maintainStore(of session: DeliverySession) async {
        var pace = IndexingPace()
        let file = session.store as? SQLiteStore
        var indexed: WALStamp?
        while (try? await IdleBeat.sleep(for: Self.maintenanceInterval)) != nil {
            // Nobody has written since everything was indexed.
            let stamp = file?.walStamp()
            if stamp != nil, stamp == indexed { continue }
            do throws(StoreError) {
                pace.begin()
                repeat {
                    let result = try await session.store.indexNewRows()
                    LogObserver.refused(result.refused, "not searchable", lines)
                    pace.note(result)
                } while pace.goesOn && !Task.isCancelled
                indexed = pace.isDone ? stamp : nil
            } catch {
                // The engine meets the same store and says what it means.
                logger.debug("rows could not be listed", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Keeps the write-ahead log small, also while only others write, for as long as the task lives.
    ///
    /// - Parameter store: SQLite's. Another looks after its own.
    func keepWALSmall(of store: SQLiteStore) async {
        var watch = WALSizeWatch()
        var pace = CheckpointPace()
        var stamp: WALStamp?
        while (try? await IdleBeat.sleep(for: pace.interval)) != nil {
            var size = store.walSize()
            let found = store.walStamp()
            let isAsked = store.isEmptyWALRequested
            let isDue = pace.look(
                at: size,
                hasChanged: found == nil || found != stamp,
                freeSpace: store.freeSpace
            )
            // A host's connection checkpoints by itself, unless somebody is in its way.
            if (isDue && size > store.leftInWAL) || isAsked {
                do throws(StoreError) {
                    let result = try await store.emptyWAL(leavesNothing: isAsked)
                    pace.note(result)
                    if isAsked { store.answerEmptyWALRequest(EmptyingObstacle(result)) }
                } catch {
                    pace.noteFailure()
                    if isAsked { store.answerEmptyWALRequest(EmptyingObstacle(error)) }
                    // The engine meets the same store and says what it means.
                    logger.debug("the write-ahead log could not be emptied", metadata: ["error": "\(error)"])
                }
                size = store.walSize()
            }
            stamp = found
            say(watch.look(at: size), pace.obstacle, path: store.path)
        }
    }

    /// Shows others that this dispatcher works, for as long as the task lives: its engine answers, and its store does not hang.
    /// A store that hangs for the length of a lease fails. Looks at the store's disk on the way.
    func giveSignsOfLife(of session: DeliverySession) async {
        let start = ContinuousClock.now
        var space = SpaceWatch()
        var silence = StoreSilence()
        var found: StoreSilence.Finding?
        var interval: Duration
        repeat {
            let progress = await session.runner.progress()
            let bound = min(registry.settings.lease, Self.longestSilence)
            found = silence.look(at: progress, now: .now - start)
            if let found, found.length >= bound {
                let text = "\(session.store.name) has not answered for \(found.length.components.seconds) s"
                session.runner.storeIsSilent(StoreError(.unavailable, text), isLeaseRound: found.isLeaseRound)
            }
            note(isStoreSilent: found.map { $0.length >= bound } ?? false)
            if found == nil { session.lock.noteAlive() }
            await lookAtSpace(of: session, &space)
            // The end of what hangs is told soon.
            interval = found == nil ? min(SignOfLife.interval, bound / 3) : .milliseconds(500)
        } while (try? await IdleBeat.sleep(for: interval)) != nil
        note(isStoreSilent: false)
    }

    /// Says which triggers that are not ours run with every change of the log: they can change and refuse rows.
    func warnOfTriggers(_ store: any WebhookStore) async {
        let names = await BlockingWork.value(within: Self.countingTime) { try? await store.hostTriggers() }
        guard let names, !names.isEmpty else { return }
        logger.warning(
            "triggers that somebody has added run within the store's transactions",
            metadata: ["triggers": "\(names.joined(separator: ", "))", "store": "\(store.name)"]
        )
    }

    private func say(_ finding: WALSizeWatch.Finding?, _ obstacle: CheckpointResult?, path: String) {
        switch finding {
        case .grew(let size):
            let cause =
                switch obstacle {
                case .readerInTheWay: "somebody holds a read transaction on the store"
                case .writerInTheWay: "somebody writes to the store without leaving a gap"
                case .emptied, .restarted, .noRoom, nil: "more is written than is moved into the database"
                }
            logger.warning(
                "the write-ahead log keeps growing: \(cause)",
                metadata: ["file": "\(path)-wal", "mebibytes": "\(size / (1024 * 1024))"]
            )
        case .shrank:
            logger.notice("the write-ahead log is small again")
        case nil:
            break
        }
    }
}

/// The number of batches of new rows to index at once: a few beside heavy traffic, so that delivery
/// keeps the writer nearly to itself, and many once it is quiet.
struct IndexingPace {
    static let busyBatches = 20
    static let quietBatches = 400
    /// The number of new rows between two looks that counts as heavy traffic.
    static let busyRows = 2_000

    private var left = 0
    private var batches = 0
    private var allowed = busyBatches
    private(set) var goesOn = false
    /// Tells whether the last batch has left nothing.
    var isDone: Bool { left == 0 }

    /// A look begins.
    mutating func begin() {
        batches = 0
        goesOn = false
    }

    /// A batch was taken.
    mutating func note(_ result: IndexingResult) {
        if batches == 0 {
            let new = result.left + result.indexed - left
            allowed = new > Self.busyRows ? Self.busyBatches : Self.quietBatches
        }
        left = result.left
        batches += 1
        goesOn = result.indexed > 0 && batches < allowed
    }
}
