internal import WebhookCore

/// The statements that a batch is made of, each prepared once for a connection.
///
/// A delivery's whole life, accepted with its first attempt claimed and delivered at once, takes five: `insertEvent`
/// and `insertBody` (once for all deliveries that share them), `insertDelivery`, `finishDelivery`, `insertAttempt`.
enum StatementKind: Int, CaseIterable {
    case lastIDs, subscriptionsVersion, insertEvent, insertPending, insertBody, insertDelivery
    case finishDelivery, finishCancelled, insertAttempt
    case settleDelivery, claimDelivery, selectBody, cancelOpenDeliveries, deletePending, selectPending, selectPlaceless,
        takePlaces
    case selectRefill, selectAttempted, selectNewAttempted

    var sql: String {
        switch self {
        case .lastIDs:
            """
            SELECT max(last_event, coalesce((SELECT max(id) FROM webhooks_events), 0)),
                max(last_delivery, coalesce((SELECT max(id) FROM webhooks_deliveries), 0))
            FROM webhooks_schema
            """
        case .subscriptionsVersion:
            "SELECT max(version) FROM webhooks_stored_subscriptions"
        case .insertEvent:
            """
            INSERT INTO webhooks_events
            (id, event_id, topic, tenant, occurred_at, occurred_given, created_at, deliver_at, test, target, trace,
            checksum, data)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (event_id) DO NOTHING
            """
        case .insertPending:
            "INSERT INTO webhooks_pending (event, due_at, place) VALUES (?, ?, ?)"
        case .insertBody:
            "INSERT INTO webhooks_bodies (event, split, checksum, content) VALUES (?, ?, ?, ?)"
        case .insertDelivery:
            """
            INSERT INTO webhooks_deliveries
            (id, event, subscription, body, content_type, mode, test, created_at,
            state, attempts, due_at, claimed_at, settled_at, last_error, detail)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """
        case .finishDelivery:
            """
            UPDATE webhooks_deliveries
            SET state = ?, due_at = ?, wait = ?, settled_at = ?, last_status = ?, last_error = ?, uncounted_attempts = ?,
                interruptions = ?
            WHERE id = ? AND attempts = ? AND state = 2 AND cancelled_at IS NULL
            """
        case .finishCancelled:
            """
            UPDATE webhooks_deliveries
            SET state = ?, settled_at = ?, last_status = ?, last_error = ?, uncounted_attempts = ?, interruptions = ?, detail = ?
            WHERE id = ? AND attempts = ? AND state = 2 AND cancelled_at IS NOT NULL
            """
        case .insertAttempt:
            """
            INSERT INTO webhooks_attempts
            (delivery, number, outcome, status, error, started_at, finished_at, duration, dns, connect, tls, first_byte,
            truncated, reused, http_version, remote_address, url, detail, checksum, headers, response_body)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """
        case .settleDelivery:
            """
            UPDATE webhooks_deliveries
            SET state = ?, last_error = coalesce(?, last_error), detail = ?, settled_at = ?, due_at = NULL
            WHERE id = ? AND state < 2
            """
        case .claimDelivery:
            """
            UPDATE webhooks_deliveries SET state = 2, attempts = attempts + 1, claimed_at = ?, due_at = NULL
            WHERE id = ? AND attempts = ? AND state < 2
            """
        case .selectBody:
            """
            SELECT \(StoredBody.columns) FROM webhooks_bodies b \(StoredBody.join)
            WHERE b.id = (SELECT body FROM webhooks_deliveries WHERE id = ?)
            """
        case .cancelOpenDeliveries:
            """
            UPDATE webhooks_deliveries SET state = ?, last_error = ?, detail = NULL, settled_at = ?, due_at = NULL
            WHERE id IN (
                SELECT id FROM webhooks_deliveries INDEXED BY webhooks_deliveries_open
                WHERE subscription = ? AND due_at IS NOT NULL ORDER BY due_at, id LIMIT ?
            )
            """
        case .deletePending:
            "DELETE FROM webhooks_pending WHERE event = ? AND set_aside IS NULL"
        case .selectPending:
            """
            SELECT e.test, p.place FROM webhooks_pending p CROSS JOIN webhooks_events e ON e.id = p.event
            WHERE p.event = ?
            """
        case .selectPlaceless:
            "SELECT 1 FROM webhooks_pending WHERE place IS NULL AND due_at <= ? LIMIT 1"
        case .takePlaces:
            "UPDATE webhooks_pending SET place = ? WHERE place IS NULL AND due_at <= ?"
        case .selectRefill:
            """
            SELECT \(OpenDelivery.columns)
            FROM webhooks_deliveries d INDEXED BY webhooks_deliveries_open
            CROSS JOIN webhooks_events e ON e.id = d.event
            WHERE d.subscription = ? AND d.due_at IS NOT NULL AND (d.due_at, d.id) > (?, ?)
            ORDER BY d.due_at, d.id LIMIT ?
            """
        case .selectAttempted:
            """
            SELECT \(OpenDelivery.columns)
            FROM webhooks_deliveries d INDEXED BY webhooks_deliveries_state
            CROSS JOIN webhooks_events e ON e.id = d.event
            WHERE d.subscription = ? AND d.state = 1 AND d.indexed = 1 AND d.state <> 2 ORDER BY d.id LIMIT 1
            """
        case .selectNewAttempted:
            """
            SELECT \(OpenDelivery.columns)
            FROM webhooks_deliveries d NOT INDEXED CROSS JOIN webhooks_events e ON e.id = d.event
            WHERE d.id > (SELECT indexed_delivery FROM webhooks_schema) AND d.subscription = ? AND d.state = 1
            ORDER BY d.id LIMIT 1
            """
        }
    }
}
