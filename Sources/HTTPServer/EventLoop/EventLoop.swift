internal import DequeModule
internal import Synchronization

/// One thread that owns a share of the connections, waits for all of them at once, and makes the responses that need no other
/// thread.
///
/// `@unchecked Sendable`: everything but `mailbox`, `limits` and the constants is touched on that thread alone.
final class EventLoop: @unchecked Sendable {
  let configuration: ServerConfiguration
  let parserLimits: ParserLimits
  let machineLimits: ConnectionStateMachine.Limits
  let handler: any RequestHandler
  let limits: ConnectionLimits
  let mailbox: Mailbox

  private let poller: any Poller
  private var listeners: [Listener]
  private(set) var connections = ConnectionTable()
  private var timers = TimerQueue()
  /// Connections that had more to do than one slice allows, in the order in which they go on.
  private var resumed: Deque<Token> = []
  /// How long each connection is served before the others get their turn. A request is done whole.
  private(set) var slice = EventLoop.longestSlice
  private var streams: StreamScheduler
  private var refusedCount = 0
  /// When to accept again, after there was no room.
  private var acceptsAgain = MonotonicTime.never
  private var stopDeadline = MonotonicTime.never
  private(set) var isStopping = false

  /// The time at which this turn began.
  private(set) var now = MonotonicTime.now
  private(set) var date = DateField()
  let persistence: PersistenceFields
  /// Where every read goes. Allocated once, so that a connection needs no buffer while it has nothing to keep.
  let readBuffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 64 * 1024)
  /// Bytes that wait to be taken by this loop's clients, and how many may.
  var waitingBytes = 0
  let outputShare: Int
  /// The clients that had taken nothing for the longest time when all were last looked at, the slowest last.
  var slowClients: [SlowClient] = []
  /// Storage for the output of the connection whose turn it is.
  var scratchBuffer: [UInt8] = []

  private static let wakeUpToken = UInt64.max
  private static let firstListenerToken = UInt64.max - 1
  private static let acceptPause = TimeSpan(.milliseconds(100))
  private static let acceptsPerTurn = 64
  /// There may be a thousand requests of a connection in one read.
  private static let longestSlice = TimeSpan(nanoseconds: 500_000)
  private static let shortestSlice = TimeSpan(nanoseconds: 50_000)
  /// How long a turn of the loop serves connections that had a slice before, unless it has served new events for longer.
  private static let resumption = TimeSpan(nanoseconds: 4_000_000)
  /// So many refused clients are told why; further ones are just closed.
  private static let refusedLimit = 256

  init(
    _ configuration: ServerConfiguration, handler: any RequestHandler, limits: ConnectionLimits, listeners: [Listener]
  ) throws(SystemError) {
    self.configuration = configuration
    parserLimits = configuration.parserLimits
    machineLimits = ConnectionStateMachine.Limits(configuration)
    persistence = PersistenceFields(idle: configuration.idleTimeout)
    outputShare = configuration.totalAnswerBytes / max(configuration.eventLoops, 1)
    self.handler = handler
    self.limits = limits
    self.listeners = listeners
    mailbox = try Mailbox()
    streams = StreamScheduler(.now)
    poller = try configuration.poller.make()
    readBuffer.initialize(repeating: 0)
    try poller.addListener(mailbox.descriptor, token: Self.wakeUpToken)
    try listen()
  }

  deinit {
    readBuffer.deallocate()
  }

  /// Runs until it has been told to stop and nothing is left, or until the time for that is over.
  func run() {
    var events: [PollEvent] = []
    while !isStopping || connections.count > 0 && now < stopDeadline {
      do throws(SystemError) {
        try poller.wait(milliseconds: timeout(), into: &events)
      } catch {
        // EBADF, EFAULT, EINVAL: an error of this program, after which nothing can be served.
        fatalError("The event loop can't wait for its sockets: \(error)")
      }
      now = .now
      date.update(second: MonotonicTime.wallClockSecond)
      divideTime(among: events.count)
      for event in events { handle(event) }
      takeMessages()
      resumeConnections()
      runTimers()
      serveStreams()
    }
    for connection in connections.all { connection.close() }
  }

  private func timeout() -> Int32 {
    guard resumed.isEmpty, !streams.mayGoOn, mailbox.prepareToSleep() else { return 0 }
    // In a moment there is time for them again.
    if !streams.isEmpty { return 1 }
    let next = min(timers.earliest, acceptsAgain, stopDeadline)
    return next == .never ? -1 : next.milliseconds(since: .now)
  }

  private func handle(_ event: PollEvent) {
    if event.token == Self.wakeUpToken { return mailbox.clearWakeUp() }
    if let connection = connections[Token(rawValue: event.token)] { return connection.handle(event.readiness) }
    let index = Self.firstListenerToken - event.token
    if index < UInt64(listeners.count) { accept(listeners[Int(index)]) }
  }

  private func takeMessages() {
    let messages = mailbox.take()
    divideTime(among: messages.count)
    for message in messages {
      switch message {
      case .response(let token, let response): connections[token]?.receive(response)
      case .making(let token, let make): connections[token]?.receive(make())
      case .stream(let token): connections[token]?.streamWrote()
      case .stop(let deadline): stop(deadline)
      }
    }
  }

  /// Shortens the slice if there are many, so that the last of them does not wait for a whole slice of each.
  private func divideTime(among count: Int) {
    let share = Self.resumption.nanoseconds / UInt64(max(count, 1))
    slice = TimeSpan(
      nanoseconds: min(max(share, Self.shortestSlice.nanoseconds), Self.longestSlice.nanoseconds))
  }

  /// Serves connections that have more to do, in turn, for as long as new events took and for some milliseconds at least.
  /// The rest goes on in the next turn, before those served here: events that came meanwhile are served first, and however
  /// many of those come, half of the time is left for these.
  private func resumeConnections() {
    guard !resumed.isEmpty else { return }
    slice = Self.longestSlice
    let start = MonotonicTime.now
    let end = start + TimeSpan(nanoseconds: max(now.span(to: start).nanoseconds, Self.resumption.nanoseconds))
    // Each of them once: one that is alone must not keep the loop from its events.
    for _ in 0..<resumed.count {
      guard let token = resumed.popFirst() else { return }
      guard let connection = connections[token] else { continue }
      connection.pending.remove(.resumption)
      connection.advance()
      guard MonotonicTime.now < end else { return }
    }
  }

  /// Has a connection's stream go on when it is its turn.
  func enqueue(_ connection: Connection) {
    guard connection.pending.insert(.streamTurn).inserted else { return }
    streams.append(connection.token, connection.streamLoad)
    // That it can be written to is known.
    updateInterest(of: connection)
  }

  private func serveStreams() {
    let start = MonotonicTime.now
    streams.countRequests(now.span(to: start), until: start)
    var last = start
    while streams.mayGoOn, last < start + StreamScheduler.slice, let turn = streams.popFirst() {
      if let connection = connections[turn.token], connection.pending.contains(.streamTurn) {
        // What has come while it waited counts too: a crowd that has just begun to lag is no crowd of light ones.
        if turn.load == .light, connection.streamLoad == .heavy {
          streams.append(turn.token, .heavy)
          continue
        }
        connection.advance()
      }
      let time = MonotonicTime.now
      streams.countStream(last.span(to: time), turn.load)
      last = time
    }
  }

  private func runTimers() {
    if acceptsAgain <= now {
      acceptsAgain = .never
      resumeAccepting()
    }
    while let entry = timers.next(until: now) {
      // An entry that an earlier one has replaced says nothing.
      guard let connection = connections[entry.token], connection.timer == entry.time else { continue }
      connection.timer = .never
      connection.checkDeadline()
      if connection.machine.isOpen { updateRegistration(connection) }
    }
  }

  // MARK: Connections

  /// Notes what a connection waits for.
  func updateRegistration(_ connection: Connection) {
    evictSlowClients(after: connection)
    updateInterest(of: connection)
    let deadline = connection.machine.deadline(connection.pending)
    guard deadline < connection.timer else { return }
    connection.timer = deadline
    timers.insert(deadline, connection.token)
  }

  /// Tells the poller what a connection waits for.
  func updateInterest(of connection: Connection) {
    if poller.needsInterest { poller.setInterest(connection.interest, of: connection.socket.number) }
  }

  /// Gives a connection another turn, after the others.
  func resume(_ connection: Connection) {
    guard connection.pending.insert(.resumption).inserted else { return }
    resumed.append(connection.token)
  }

  func remove(_ connection: Connection) {
    poller.removeConnection(connection.socket.number)
    connections.remove(connection.token)
    waitingBytes -= connection.countedBytes
    if connection.isRefused { refusedCount -= 1 }
    limits.leave(connection.peer)
  }

  private func stop(_ deadline: MonotonicTime) {
    stopDeadline = min(stopDeadline, deadline)
    guard !isStopping else { return }
    // What the kernel has taken already is served too.
    for listener in listeners {
      for _ in 0...configuration.backlog / Self.acceptsPerTurn where !accept(listener) { break }
    }
    isStopping = true
    acceptsAgain = .never
    for listener in listeners { poller.removeListener(listener.number) }
    listeners = []
    for connection in connections.all { connection.drain() }
  }

  // MARK: Accepting

  private func listen() throws(SystemError) {
    for (index, listener) in listeners.enumerated() {
      try poller.addListener(listener.number, token: Self.firstListenerToken - UInt64(index))
    }
  }

  /// Accepts as many as one turn allows.
  /// - Returns: whether there may be more.
  @discardableResult private func accept(_ listener: Listener) -> Bool {
    for _ in 0..<Self.acceptsPerTurn {
      switch listener.accept() {
      case .none: return false
      case .exhausted:
        pauseAccepting()
        return false
      case .connection(let descriptor, let peer): register(descriptor, peer)
      }
    }
    return true
  }

  /// There is no room for another connection: tries again in a moment, when others may have closed.
  private func pauseAccepting() {
    limits.countAcceptFailure()
    for listener in listeners { poller.removeListener(listener.number) }
    acceptsAgain = now + Self.acceptPause
  }

  private func resumeAccepting() {
    for listener in listeners { poller.removeListener(listener.number) }
    do throws(SystemError) {
      try listen()
    } catch {
      // ENOMEM or ENOSPC: still no room.
      acceptsAgain = now + Self.acceptPause
    }
  }

  private func register(_ descriptor: consuming Descriptor, _ peer: PeerAddress) {
    let rejection = rejection(for: limits.enter(peer, configuration))
    if rejection != nil { limits.countRejection() }
    do throws(SystemError) {
      guard rejection == nil || refusedCount < Self.refusedLimit else { return limits.leave(peer) }
      try add(Socket(descriptor, peer: peer), peer, rejection)
    } catch {
      // The client is gone already, or there is no room to watch another descriptor.
      limits.leave(peer)
    }
  }

  private func add(_ socket: consuming Socket, _ peer: PeerAddress, _ rejection: HTTPProtocolError?) throws(SystemError)
  {
    let token = connections.nextToken
    try poller.addConnection(socket.number, token: token.rawValue)
    let connection = Connection(socket, token: token, peer: peer, loop: self, isRefused: rejection != nil)
    connections.insert(connection)
    if let rejection {
      refusedCount += 1
      connection.reject(rejection)
      connection.advance()
    } else {
      updateRegistration(connection)
    }
  }

  private func rejection(for admission: ConnectionLimits.Admission) -> HTTPProtocolError? {
    switch admission {
    case .admitted: nil
    case .tooMany:
      HTTPProtocolError(
        .overloaded, "Too many connections are open (limit \(configuration.connections)). Retry later.")
    case .tooManyOfPeer:
      HTTPProtocolError(
        .overloaded,
        "Too many connections are open from this address (limit \(configuration.connectionsPerPeer)). Close some.")
    }
  }
}
