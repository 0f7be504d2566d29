internal import CoreMetrics

/// Hands the product's counter of attempts to an ``AttemptMeter``, and ignores every other metric.
struct MeterFactory: MetricsFactory {
    let meter: AttemptMeter

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        guard label == "webhooks_attempts_total" else { return NOOPMetricsHandler.instance }
        return AttemptCounter(meter: meter, isSuccess: dimensions.contains { $0 == ("outcome", "succeeded") })
    }

    func makeFloatingPointCounter(label: String, dimensions: [(String, String)]) -> any FloatingPointCounterHandler {
        NOOPMetricsHandler.instance
    }

    func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler { NOOPMetricsHandler.instance }

    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        NOOPMetricsHandler.instance
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler { NOOPMetricsHandler.instance }

    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    func destroyMeter(_ handler: any MeterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}
}

private final class AttemptCounter: CounterHandler {
    private let meter: AttemptMeter
    private let isSuccess: Bool

    init(meter: AttemptMeter, isSuccess: Bool) {
        self.meter = meter
        self.isSuccess = isSuccess
    }

    func increment(by amount: Int64) { meter.count(amount, succeeded: isSuccess) }
    func reset() {}
}
