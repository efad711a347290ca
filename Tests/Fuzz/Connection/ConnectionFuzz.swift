@testable internal import HTTPServer

/// A sequence of events, to the state machine of a connection.
///
/// What must hold of any sequence is in the driver; and once all deadlines have passed, the connection is closed.
func fuzz(_ bytes: [UInt8]) {
  var connection = ConnectionDriver()
  let steps = ConnectionDriver.Step.sequence(from: bytes)
  for step in steps { connection.run(step) }
  connection.abandon()
  expectEqual(connection.violations, [], "after \(steps)")
}
