/// A place in the order in which events were accepted: what decides where order matters, and no clock.
///
/// An event's place is its row. One with a later `deliverAt` takes its place when that has come: behind the last event
/// accepted by then, and so behind what is matched already. The first attempts of an ordered subscription keep the place of
/// their event where others keep the moment at which they are due: rows are small numbers, so such a moment is long past.
public enum AcceptancePlace {
    /// Due moments below this are places. No clock shows such a time, and no store gives out so many rows.
    public static let end = Timestamp(milliseconds: 100_000_000_000)

    /// The due moment that stands for a place.
    public static func dueAt(_ place: Int64) -> Timestamp { Timestamp(milliseconds: place) }

    /// Whether a due moment is a place. (0 is neither: due before everything else.)
    public static func isPlace(_ dueAt: Timestamp) -> Bool { dueAt.milliseconds > 0 && dueAt < end }
}
