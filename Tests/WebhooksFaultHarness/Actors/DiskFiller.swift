import WebhookCore
import WebhookSimulation

/// Takes all the room on the store's disk for a moment, again and again.
struct DiskFiller {
    let disk: SmallDisk
    let bench: Workbench
    let stop: Stop
    let pauseSeconds: ClosedRange<Int>
    var random: SeededGenerator

    mutating func run() async throws {
        while !stop.isOver {
            await stop.sleep(milliseconds: 1000 * random.pick(pauseSeconds))
            if stop.isOver { return }
            let length = random.pick(300...3000)
            try await bench.ledger.disturbing {
                try disk.fill()
                bench.ledger.count("full disks")
                await stop.sleep(milliseconds: length)
                disk.free()
            }
        }
    }
}
