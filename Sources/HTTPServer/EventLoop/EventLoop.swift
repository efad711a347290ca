internal import DequeModule
internal import Synchronization

/// A thread that owns a share of the connections, waits for all of them at once, and makes the responses that need no
/// other thread.
///
/// `@unchecked Sendable`: everything except `mailbox`, `limits`, `traffic` and the constants is used only on that thread.
final class EventLoop: @unchecked Sendable {
  let configuration: ServerConfiguration
  let parserLimits: ParserLimits
  let machineLimits: ConnectionStateMachine.Limits
  let handler: any RequestHandler
  let limits: ConnectionLimits
  let mailbox: Mailbox
  let traffic = Traffic()
  /// The value of ``RequestHandler/observesEnds``.
  let observesEnds: Bool

  private let poller: any Poller
  private var listeners: [Listener]
  private(set) var connections = ConnectionTable()
  private var timers = TimerQueue()
  /// Connections that had more work than one slice allows, in the order in which they continue.
  private var resumed: Deque<Token> = []
  /// The time for which each connection is served before the others get their turn. A request is never interrupted.
  private(set) var slice = EventLoop.longestSlice
  private var streams: StreamScheduler
  private var refusedCount = 0
  /// The time to accept again after a failure.
  private var acceptsAgain = MonotonicTime.never
  private var stopDeadline = MonotonicTime.never
  private(set) var isStopping = false

  /// The start time of this turn.
  private(set) var now = MonotonicTime.now
  private(set) var date = DateField()
  let persistence: PersistenceFields
  /// The buffer of every read. Allocated once, so that a connection needs no buffer while it has nothing to keep.
  let readBuffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 64 * 1024)
  /// The bytes that wait for this loop's clients, and their limit.
  var waitingBytes = 0
  let outputShare: Int
  /// The clients that had read nothing for the longest time at the last check of all, the slowest last.
  var slowClients: [SlowClient] = []
  /// Storage for the output of the connection whose turn it is.
  var scratchBuffer: [UInt8] = []

  private static let wakeUpToken = UInt64.max
  private static let firstListenerToken = UInt64.max - 1
  private static let acceptPause = TimeSpan(.milliseconds(100))
  private static let acceptsPerTurn = 64
  /// One read can contain a thousand requests of a connection.
  private static let longestSlice = TimeSpan(nanoseconds: 500_000)
  private static let shortestSlice = TimeSpan(nanoseconds: 50_000)
  /// The time for which a turn of the loop serves connections that had a slice before, unless it has served new events
  /// for longer.
  private static let resumption = TimeSpan(nanoseconds: 4_000_000)
  /// The maximum number of refused clients that get an error response. Further ones are only closed.
  private static let refusedLimit = 256

  init(
    _ configuration: ServerConfiguration, handler: any RequestHandler, limits: ConnectionLimits, listeners: [Listener]
  ) throws(SystemError) {
    self.configuration = configuration
    parserLimits = configuration.parserLimits
    machineLimits = ConnectionStateMachine.Limits(configuration)
    persistence = PersistenceFields(idle: configuration.idleTimeout)
    outputShare = configuration.totalResponseBytes / max(configuration.eventLoops, 1)
    self.handler = handler
    observesEnds = handler.observesEnds
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

  /// Runs until it has been stopped and nothing is left, or until the time for that is over.
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
    guard resumed.isEmpty, !streams.mayContinue, mailbox.prepareToSleep() else { return 0 }
    // They get more time in a moment.
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
      case .response(let token, let response): connections[token]?.receive { response }
      case .making(let token, let make): connections[token]?.receive(make)
      case .stream(let token): connections[token]?.streamWrote()
      case .stop(let deadline): stop(deadline)
      }
    }
  }

  /// Shortens the slice if there are many, so that the last one does not wait for a whole slice of each.
  private func divideTime(among count: Int) {
    let share = Self.resumption.nanoseconds / UInt64(max(count, 1))
    slice = TimeSpan(
      nanoseconds: min(max(share, Self.shortestSlice.nanoseconds), Self.longestSlice.nanoseconds))
  }

  /// Serves connections that have more work, in turn, for as long as new events took, and at least for some
  /// milliseconds. The rest continues in the next turn, before those served here: events that arrived meanwhile are
  /// served first, and half of the time is left for these connections, however many events there are.
  private func resumeConnections() {
    guard !resumed.isEmpty else { return }
    slice = Self.longestSlice
    let start = MonotonicTime.now
    let end = start + TimeSpan(nanoseconds: max(now.span(to: start).nanoseconds, Self.resumption.nanoseconds))
    // Each of them once: a single one must not keep the loop from its events.
    for _ in 0..<resumed.count {
      guard let token = resumed.popFirst() else { return }
      guard let connection = connections[token] else { continue }
      connection.pending.remove(.resumption)
      connection.advance()
      guard MonotonicTime.now < end else { return }
    }
  }

  /// Lets a connection's stream continue when it is its turn.
  func enqueue(_ connection: Connection) {
    guard connection.pending.insert(.streamTurn).inserted else { return }
    streams.append(connection.token, connection.streamLoad)
    // The socket is known to be writable.
    updateInterest(of: connection)
  }

  private func serveStreams() {
    let start = MonotonicTime.now
    streams.countRequests(now.span(to: start), until: start)
    var last = start
    while streams.mayContinue, last < start + StreamScheduler.slice, let turn = streams.popFirst() {
      if let connection = connections[turn.token], connection.pending.contains(.streamTurn) {
        // Output written while it waited counts too: if many light streams have just begun to lag, they count as heavy.
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
      // The entry is outdated if an earlier one has replaced it.
      guard let connection = connections[entry.token], connection.timer == entry.time else { continue }
      connection.timer = .never
      connection.checkDeadline()
      if connection.machine.isOpen { updateRegistration(connection) }
    }
  }

  // MARK: Connections

  /// Updates the events that a connection waits for.
  func updateRegistration(_ connection: Connection) {
    evictSlowClients(after: connection)
    updateInterest(of: connection)
    let deadline = connection.machine.deadline(connection.pending)
    guard deadline < connection.timer else { return }
    connection.timer = deadline
    timers.insert(deadline, connection.token)
  }

  /// Sets in the poller the events that a connection waits for.
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
    // Connections that the kernel has already accepted are served too.
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
  ///
  /// - Returns: True if there may be more.
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

  /// Stops accepting for a moment because a resource is exhausted: others may close in the meantime.
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
      // ENOMEM or ENOSPC: the resource is still exhausted.
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
      // The client is already gone, or the poller can't take another descriptor.
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
