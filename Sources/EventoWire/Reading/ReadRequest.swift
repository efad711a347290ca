package import Evento

/// A read: `GET /events` and the body of `POST /events/query`.
package struct ReadRequest: Sendable {
  package var aggregators: [ReadAggregator]?
  package var routingKey: RoutingKey
  package var args: Args
  package var encoding: PayloadEncoding
  /// The seconds to wait for an event if the page would be empty.
  package var wait: Int?

  package init(
    aggregators: [ReadAggregator]?, routingKey: RoutingKey, args: Args, encoding: PayloadEncoding = .auto,
    wait: Int? = nil
  ) {
    self.aggregators = aggregators
    self.routingKey = routingKey
    self.args = args
    self.encoding = encoding
    self.wait = wait
  }

  /// The allowed seconds.
  package static let waitRange: ClosedRange<Int64> = 1...60

  /// The parameters of a request, before they are checked together.
  struct Draft {
    var aggregators: [ReadAggregator]?
    var routingKey = RoutingKey.all
    var first: Int64?
    var after: Args.Start?
    var last: Int64?
    var before: Cursor?
    var encoding = PayloadEncoding.auto
    var wait: Int64?

    static let counts = Int64(Args.countRange.lowerBound)...Int64(Args.countRange.upperBound)

    /// The errors in how they are combined.
    var faults: [(ReadMember, String)] {
      var faults: [(ReadMember, String)] = []
      if first != nil || after != nil {
        if last != nil { faults.append((.last, ReadMember.mixed)) }
        if before != nil { faults.append((.before, ReadMember.mixed)) }
      }
      if wait != nil {
        if last != nil || before != nil { faults.append((.wait, "can't be combined with last or before")) }
        if first == 0 { faults.append((.wait, "can't be combined with first=0")) }
      }
      return faults
    }

    var request: ReadRequest {
      let args: Args =
        if last != nil || before != nil {
          .backward(last: last.map { Int($0) } ?? Args.defaultCount, before: before)
        } else {
          .forward(first: first.map { Int($0) } ?? Args.defaultCount, after: after ?? .beginning)
        }
      return ReadRequest(
        aggregators: aggregators, routingKey: routingKey, args: args, encoding: encoding, wait: wait.map { Int($0) })
    }
  }
}
