/// The deadlines of the configuration, in the form in which they are added to a moment.
struct Timeouts: Sendable {
  let head: TimeSpan
  let bodyGrace: TimeSpan
  let idle: TimeSpan
  let write: TimeSpan
  let handler: TimeSpan
  let linger: TimeSpan
  let lingerQuiet: TimeSpan
  private let nanosecondsPerByte: UInt64

  init(_ configuration: ServerConfiguration) {
    head = TimeSpan(configuration.headDeadline)
    bodyGrace = TimeSpan(configuration.bodyGrace)
    idle = TimeSpan(configuration.idleTimeout)
    write = TimeSpan(configuration.writeDeadline)
    handler = TimeSpan(configuration.handlerDeadline)
    linger = TimeSpan(configuration.lingerTime)
    lingerQuiet = TimeSpan(configuration.lingerTimeout)
    nanosecondsPerByte = 1_000_000_000 / UInt64(max(configuration.minimumBodyRate, 1))
  }

  /// How long the bytes of a body may have taken.
  func body(_ count: Int) -> TimeSpan {
    TimeSpan(nanoseconds: UInt64(clamping: count).multipliedReportingOverflow(by: nanosecondsPerByte).partialValue)
  }
}
