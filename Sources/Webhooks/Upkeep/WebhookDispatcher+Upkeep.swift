internal import Logging
internal import SQLiteStore
internal import WebhookCore

extension WebhookDispatcher {
    /// How often a dispatcher sees to its store's indexes and looks at its files.
    static let upkeepInterval: Duration = .seconds(1)

    /// Keeps the log searchable and watches the write-ahead log, for as long as the task lives.
    func keepStore(of session: DeliverySession) async {
        var watch = LogSizeWatch()
        var pace = ListingPace()
        while (try? await Task.sleep(for: Self.upkeepInterval)) != nil {
            do throws(StoreError) {
                pace.begin()
                repeat {
                    pace.note(try await session.store.listNewRows())
                } while pace.goesOn && !Task.isCancelled
            } catch {
                // The engine meets the same store and says what it means.
                logger.debug("rows could not be listed", metadata: ["error": "\(error)"])
            }
            switch watch.look(at: session.store.walSize()) {
            case .grew(let size):
                logger.warning(
                    "the write-ahead log keeps growing: somebody holds a read transaction on the store",
                    metadata: ["file": "\(session.store.path)-wal", "mebibytes": "\(size / (1024 * 1024))"]
                )
            case .shrank:
                logger.notice("the write-ahead log is small again")
            case nil:
                break
            }
        }
    }
}
