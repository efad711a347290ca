internal import Evento

/// The load during a ``FaultCheck``.
public struct FaultLoad: Sendable {
  /// The number of written events: 20,000. One more is written after the last disturbance, when all others have
  /// arrived.
  public var events = 20_000
  /// The number of events per write: 100.
  public var eventsPerWrite = 100
  /// The number of disturbances: 30, each after a random number of arrived events.
  public var disturbances = 30
  /// The seed of all random numbers of the run.
  public let seed: UInt64

  public init(seed: UInt64) {
    self.seed = seed
  }

  /// The kind of the aggregate to which all events belong.
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
    // Events that arrived twice, or too late, come before this one.
    try await executor.writeWhole(arrivals.ids.suffix(1).map(Self.event))
  }

  private static func event(_ id: ULID) -> NewEvent { .sample("ledger", "Booked", type: Ledger.aggregatorType, id: id) }

  func disturb(_ arrivals: Arrivals, _ disturb: FaultCheck.Disturbance) async throws {
    var random = SeededGenerator(seed: seed)
    for moment in (0..<disturbances).map({ _ in Int.random(in: 0..<events, using: &random) }).sorted() {
      try await arrivals.wait(for: moment)
      // A generator of its own, so that the next call's numbers don't depend on how many this one uses.
      var own = SeededGenerator(seed: random.next())
      try await disturb(&own)
    }
  }
}
