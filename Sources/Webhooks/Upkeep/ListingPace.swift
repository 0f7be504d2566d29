internal import SQLiteStore

/// How many portions of new rows are taken into the log's indexes at once: a few beside heavy traffic, so that delivery
/// keeps the writer nearly to itself, and many once it is quiet.
struct ListingPace {
    static let busyPortions = 20
    static let quietPortions = 400
    /// So many new rows between two looks are heavy traffic.
    static let busyRows = 2_000

    private var left = 0
    private var portions = 0
    private var allowed = busyPortions
    private(set) var goesOn = false

    /// A look begins.
    mutating func begin() {
        portions = 0
        goesOn = false
    }

    /// A portion was taken.
    mutating func note(_ result: ListingResult) {
        if portions == 0 {
            let new = result.left + result.listed - left
            allowed = new > Self.busyRows ? Self.busyPortions : Self.quietPortions
        }
        left = result.left
        portions += 1
        goesOn = result.listed > 0 && portions < allowed
    }
}
