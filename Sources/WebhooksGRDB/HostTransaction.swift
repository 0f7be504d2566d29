internal import GRDB
internal import WebhookCore
internal import Webhooks
internal import WebhooksSQLite

/// Emits and cancellations in a host's transaction, with the library's one error type.
enum HostTransaction {
    static func append(
        _ event: Event,
        in db: Database,
        _ prefix: TablePrefix
    ) throws(WebhooksError) -> EmitReceipt {
        let result = try mapped { try SQLiteStore.append(event, in: db, prefix) }
        return try EmitReceipt(event, .success(result))
    }

    static func cancel(
        _ event: String,
        in db: Database,
        _ prefix: TablePrefix
    ) throws(WebhooksError) -> CancelResult {
        try mapped { try SQLiteStore.cancel(event, in: db, prefix) }
    }

    private static func mapped<Value>(_ body: () throws -> Value) throws(WebhooksError) -> Value {
        do {
            return try body()
        } catch let error as HostTransactionError {
            switch error.code {
            case .conflict: throw WebhooksError(.event, error.description)
            case .noTransaction: throw WebhooksError(.transaction, error.description)
            case .replaced: throw WebhooksError(StoreError(.replaced, error.description))
            default: throw WebhooksError(StoreError(.unavailable, error.description))
            }
        } catch {
            throw WebhooksError(accepting: HostDatabase.storeError(error))
        }
    }
}

extension HostDatabase {
    /// A database, made sure of.
    static func opened(
        _ database: any DatabaseWriter,
        _ prefix: String
    ) async throws(WebhooksError) -> HostDatabase {
        do throws(StoreError) {
            return try await open(database, TablePrefix(prefix))
        } catch {
            throw WebhooksError(error)
        }
    }
}
