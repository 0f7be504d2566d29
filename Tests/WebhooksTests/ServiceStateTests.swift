import Testing

@testable import WebhookEngine
@testable import Webhooks

@Suite("What a service manager is told") struct ServiceStateTests {
    private let figures = ServiceState.Figures(subscriptions: 3, delivered: 7)
    private let line =
        "STATUS=3 enabled; 0 under way, 0 queued; since the start 7 delivered, 0 failed, 0 unknown"

    @Test("a sign of life is given each time, a line of figures when it has changed") func signs() {
        var state = ServiceState(interval: .seconds(30))
        #expect(state.delivers(figures) == "READY=1\n" + line)
        #expect(state.isAlive(figures, watched: true) == "WATCHDOG=1")
        #expect(state.isAlive(figures, watched: false) == nil)
        var more = figures
        more.delivered = 8
        let changed = line.replacing("7 delivered", with: "8 delivered")
        #expect(state.isAlive(more, watched: true) == "WATCHDOG=1\n" + changed)
        #expect(state.isSilent(.store, for: .seconds(40)) == "STATUS=no sign of life from the store for 40 s")
        #expect(state.isAlive(more, watched: true) == "WATCHDOG=1\n" + changed)
    }

    @Test("nothing is ready any more once it stops") func stopping() {
        var state = ServiceState(interval: .seconds(30))
        _ = state.delivers(figures)
        #expect(
            state.reloadBegins(at: .milliseconds(1_500))?.hasPrefix("RELOADING=1\nMONOTONIC_USEC=1500000\n") == true
        )
        #expect(state.stops(underWay: 2) == "STOPPING=1\nSTATUS=stopping; 2 under way")
        #expect(state.reloadEnds(problems: 0) == nil)
        #expect(state.delivers(figures) == nil)
        #expect(state.isAlive(figures, watched: true) == nil)
        #expect(state.waits(isStandby: true, at: .seconds(1)) == nil)
        #expect(state.stops(underWay: 0) == nil)
    }

    @Test("a reload before it delivers is no news; while one lasts a sign of life is one") func reloading() {
        var state = ServiceState(interval: .seconds(30))
        #expect(state.reloadBegins(at: .seconds(1)) == nil)
        #expect(state.reloadEnds(problems: 0) == nil)
        _ = state.delivers(figures)
        _ = state.reloadBegins(at: .seconds(2))
        #expect(state.isAlive(figures, watched: true) == "WATCHDOG=1")
        #expect(state.reloadEnds(problems: 0) == "READY=1\n" + line)
    }

    @Test("trouble and a refused configuration come before the figures, until they are over") func trouble() {
        var state = ServiceState(interval: .seconds(30))
        _ = state.delivers(figures)
        #expect(
            state.note(trouble: "full")?.hasPrefix("STATUS=nothing can be recorded (full); 3 enabled") == true
        )
        _ = state.reloadBegins(at: .seconds(2))
        let refused = "the changed configuration is refused, the one before is in force"
        #expect(
            state.reloadEnds(problems: 2)?.hasPrefix("READY=1\nSTATUS=nothing can be recorded (full); \(refused); 3 ")
                == true
        )
        #expect(state.note(trouble: nil)?.hasPrefix("STATUS=\(refused); 3 ") == true)
        _ = state.reloadBegins(at: .seconds(3))
        #expect(state.reloadEnds(problems: 0) == "READY=1\n" + line)
    }

    @Test("who waits for a command asks for time; a standby is ready, and alive") func waiting() {
        var state = ServiceState(interval: .seconds(5))
        let extended = "EXTEND_TIMEOUT_USEC=60000000"
        #expect(state.waits(isStandby: false, at: .seconds(10)) == extended + "\nSTATUS=waiting for a command to end")
        #expect(state.waits(isStandby: false, at: .seconds(14)) == nil)
        #expect(state.waits(isStandby: false, at: .seconds(15)) == extended)
        var standby = ServiceState(interval: .seconds(5))
        #expect(
            standby.waits(isStandby: true, at: .zero) == "READY=1\nSTATUS=standby: another dispatcher delivers"
        )
        #expect(standby.waits(isStandby: true, at: .seconds(4)) == nil)
        #expect(standby.waits(isStandby: true, at: .seconds(5)) == "WATCHDOG=1")
    }

    @Test("a socket is a path or an abstract name that fits", arguments: ["", "@", "/", "a", "vsock:2:1", "/a\0b"])
    func names(name: String) {
        #expect(NotifySocket(name) == nil)
        #expect(NotifySocket("/" + String(repeating: "x", count: 107)) == nil)
        #expect(NotifySocket("/" + String(repeating: "x", count: 106)) != nil)
        #expect(NotifySocket("@" + String(repeating: "x", count: 107)) != nil)
    }
}
