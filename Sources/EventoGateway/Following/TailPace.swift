/// How soon the log is looked at again, where commits come faster than that.
struct TailPace {
  /// How many events the last look found.
  let events: Int
  /// Who was waiting for some of them.
  let woken: Int

  /// From one look to the next: the longer, the more there was and the more were woken, since a look at many events
  /// costs little more than a look at one, and who writes much pays for all of them.
  var pause: Duration {
    min(.milliseconds(1) + .microseconds(100) * events, .milliseconds(4) + .microseconds(100) * woken)
  }
}
