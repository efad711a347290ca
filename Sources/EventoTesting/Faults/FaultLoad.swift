internal import Evento

/// What goes on while a ``FaultCheck`` looks.
public struct FaultLoad: Sendable {
  /// How many events are written: 20,000. One more comes behind the last disturbance, when all others have arrived.
  public var events = 20_000
  /// How many of them are written at once: 100.
  public var eventsPerWrite = 100
  /// How often something is broken: 30 times, each when a random number of events has arrived.
  public var disturbances = 30
  /// What all random numbers of the run come of.
  public let seed: UInt64

  public init(seed: UInt64) {
    self.seed = seed
  }

  /// What is written is of one aggregate of this kind.
  enum Ledger: Aggregate {
    static let aggregatorType = "faults/Ledger"
  }

  var ids: [ULID] { (0...events).map { _ in ULID() } }

  func write(to executor: any Executor, _ arrivals: Arrivals) async throws {
    var rest = arrivals.ids.dropLast()
    while !rest.isEmpty {
      try await executor.writeWhole(rest.prefix(eventsPerWrite).map(Self.event))
      rest = rest.dropFirst(eventsPerWrite)
    }
    try await arrivals.wait(for: events)
    // What came twice, or too late, stands before this one.
    try await executor.writeWhole(arrivals.ids.suffix(1).map(Self.event))
  }

  private static func event(_ id: ULID) -> NewEvent { .sample("ledger", "Booked", type: Ledger.aggregatorType, id: id) }

  func disturb(_ arrivals: Arrivals, _ disturb: FaultCheck.Disturbance) async throws {
    var random = SeededGenerator(seed: seed)
    for moment in (0..<disturbances).map({ _ in Int.random(in: 0..<events, using: &random) }).sorted() {
      try await arrivals.wait(for: moment)
      // Numbers of its own, so that the next one's don't depend on how many it draws.
      var own = SeededGenerator(seed: random.next())
      try await disturb(&own)
    }
  }
}
