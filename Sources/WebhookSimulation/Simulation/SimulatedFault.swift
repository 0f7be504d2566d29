internal import WebhookCore
internal import WebhookInMemory

/// A fault that a simulation injects, or a change that others make meanwhile.
package enum SimulatedFault: String, Sendable, CaseIterable {
    case crash, drain, drainOnFailingStore, command, reload, batch
    case storeFailure, lostFiles, lostFilesAfterCommit
    case clockStep, clockJump, clockReturn
    // Other processes.
    case detachedEmit, cancel, cancelSubscription, cancelShare, cancelInFlight, disable, enable, retrigger, retry
    case lateRetry, pause, resume
    // Rows and events that go wrong by themselves.
    case refusedDelivery, refusedEvent, refusedClaim, refusedSettlement, refusedAttempt, refusedOutcome
    case unrenderable, deadlyRendering, deadlyRequest, largeEvent
    // Receivers.
    case badStatus, gone, overloaded, silence, blackHole, refusedConnection, unknownHost, badCertificate
    case disconnect, staleConnection, garbage, endlessHeaders, cutBody
}

extension SimulatedFault {
    /// Makes the fault that an answer has; `nil`: none.
    init?(_ response: EndpointResponse) {
        switch response {
        case .status(200, _): return nil
        case .status(410, _): self = .gone
        case .status(429, _): self = .overloaded
        case .status: self = .badStatus
        case .silence: self = .silence
        case .blackHole: self = .blackHole
        case .refused: self = .refusedConnection
        case .unknownHost: self = .unknownHost
        case .badCertificate: self = .badCertificate
        case .disconnect: self = .disconnect
        case .staleConnection: self = .staleConnection
        case .garbage: self = .garbage
        case .endlessHeaders: self = .endlessHeaders
        case .cutBody: self = .cutBody
        }
    }

    /// A row that the store refused; `nil`: nothing that a simulation refuses.
    init?(_ refusal: RowRefusal, in batch: StoreBatch) {
        switch refusal.item {
        case .acceptedDelivery, .fannedOutDelivery: self = .refusedDelivery
        case .acceptance, .fanOut: self = .refusedEvent
        case .claim: self = .refusedClaim
        case .settlement, .openCancellation: self = .refusedSettlement
        case .result(let index):
            self = batch.results[index].attempt.responseTruncated ? .refusedOutcome : .refusedAttempt
        case .health, .setAside, .resumption: return nil
        }
    }
}
