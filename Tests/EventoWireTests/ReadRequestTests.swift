import Evento
import Testing

@testable import EventoWire

@Suite struct ReadRequestTests {
  private func query(_ pairs: (name: String, value: String)...) throws(EventoError) -> ReadRequest {
    var parameters = ParameterReader(pairs)
    return try ReadRequest(&parameters)
  }

  @Test func hasDefaults() throws {
    let request = try query()
    #expect(request.aggregators == nil)
    #expect(request.routingKey == .all)
    #expect(request.args == .forward(first: 40, after: .beginning))
    #expect(request.encoding == .auto)
    #expect(request.wait == nil)
  }

  @Test func readsEveryParameter() throws {
    let cursor = Cursor(content: [5])
    let request = try query(
      ("aggregator_type", "t"), ("aggregator_id", "i"), ("name", "n"), ("routing_key", "k"), ("first", "65535"),
      ("after", cursor.description), ("encoding", "base64"), ("wait", "60"))
    #expect(request.aggregators == [ReadAggregator("t", id: "i", name: "n")])
    #expect(request.routingKey == .value("k"))
    #expect(request.args == .forward(first: 65535, after: .after(cursor)))
    #expect(request.encoding == .base64)
    #expect(request.wait == 60)
    #expect(try query(("last", "0"), ("before", cursor.description)).args == .backward(last: 0, before: cursor))
    #expect(try query(("before", cursor.description)).args == .backward(last: 40, before: cursor))
    #expect(try query(("last", "007")).args == .backward(last: 7, before: nil))
    #expect(try query(("after", "now")).args == .forward(first: 40, after: .now))
    #expect(try query(("routing_key", "")).routingKey == .value(nil))
  }

  @Test(arguments: [
    [("first", "65536")], [("first", "-1")], [("first", "+1")], [("first", "1.0")], [("first", "1e1")], [("first", "")],
    [("first", " 1")], [("first", "99999999999999999999")], [("encoding", "Base64")],
    [("encoding", "")], [("wait", "0")], [("wait", "61")], [("after", "")], [("aggregator_type", "")],
    [("aggregator_id", "i")], [("name", "n")], [("fisrt", "1")], [("FIRST", "1")], [("first", "1"), ("first", "1")],
    [("routing_key", "a\u{1}")], [("", "1")], [("routing_key", "a"), ("routing_key", "")],
  ])
  func namesTheParameterThatIsWrong(_ pairs: [(String, String)]) {
    let error = failure { () throws(EventoError) in
      var parameters = ParameterReader(pairs.map { (name: $0.0, value: $0.1) })
      _ = try ReadRequest(&parameters)
    }
    #expect(error?.code == .invalidRequest)
    #expect(locations(error) == [pairs[0].0])
  }

  @Test(arguments: [1, 2]) func endsWithTwentyErrorsHoweverManyParametersThereAre(_ timesEach: Int) {
    let names = (0..<20_000 / timesEach).flatMap { number in repeatElement("p\(number)", count: timesEach) }
    let error = failure { () throws(EventoError) in
      var parameters = ParameterReader([(name: "first", value: "1")] + names.map { (name: $0, value: "1") })
      _ = try ReadRequest(&parameters)
    }
    #expect(error?.code == .invalidRequest)
    #expect(locations(error) == (0..<20).map { "p\($0)" })
  }

  @Test func doesNotMixDirections() {
    let cursor = Cursor(content: [5]).description
    for forward in [("first", "1"), ("after", cursor), ("after", "now")] {
      for backward in [("last", "1"), ("before", cursor)] {
        let error = failure { () throws(EventoError) in _ = try query(forward, backward) }
        #expect(locations(error) == [backward.0])
      }
    }
    #expect(locations(failure { () throws(EventoError) in _ = try query(("wait", "1"), ("last", "1")) }) == ["wait"])
    #expect(locations(failure { () throws(EventoError) in _ = try query(("wait", "1"), ("first", "0")) }) == ["wait"])
  }

  @Test(arguments: ["x", "NOW", "now ", "AQ", String(repeating: "A", count: 201)])
  func tellsDamagedCursors(_ text: String) {
    #expect(failure { () throws(EventoError) in _ = try query(("after", text)) }?.code == .invalidCursor)
    #expect(failure { () throws(EventoError) in _ = try query(("before", text)) }?.code == .invalidCursor)
    let body = bytes("{\"after\":\"\(text)\"}")
    #expect(failure { () throws(EventoError) in _ = try ReadRequest(json: body) }?.code == .invalidCursor)
  }

  @Test func readsBodies() throws {
    #expect(try ReadRequest(json: bytes("{}")).aggregators == nil)
    #expect(try ReadRequest(json: bytes("{\"aggregators\":[]}")).aggregators == [])
    #expect(try ReadRequest(json: bytes("{\"routing_key\":null}")).routingKey == .value(nil))
    #expect(try ReadRequest(json: bytes("{\"after\":\"now\",\"wait\":1}")).args == .forward(first: 40, after: .now))
  }

  @Test(arguments: [
    ("{\"aggregators\":null}", "/aggregators"),
    ("{\"aggregators\":[{\"aggregator_id\":\"i\"}]}", "/aggregators/0/aggregator_type"),
    ("{\"aggregators\":[{\"aggregator_type\":\"t\",\"x\":1}]}", "/aggregators/0/x"), ("{\"first\":\"1\"}", "/first"),
    ("{\"first\":null}", "/first"), ("{\"first\":1,\"last\":1}", "/last"), ("{\"routing_key\":\"\"}", "/routing_key"),
    ("{\"encoding\":\"x\"}", "/encoding"), ("{\"before\":7}", "/before"), ("{\"wait\":1,\"last\":2}", "/wait"),
    ("{\"after\":null}", "/after"),
  ])
  func namesTheMemberThatIsWrong(_ body: String, _ location: String) {
    let error = failure { () throws(EventoError) in _ = try ReadRequest(json: bytes(body)) }
    #expect(error?.code == .invalidRequest)
    #expect(locations(error) == [location])
  }

  @Test func takes200Filters() throws {
    func body(_ count: Int) -> [UInt8] {
      let filters = (0..<count).map { "{\"aggregator_type\":\"t\($0)\"}" }.joined(separator: ",")
      return bytes("{\"aggregators\":[\(filters)]}")
    }
    #expect(try ReadRequest(json: body(200)).aggregators?.count == 200)
    let error = failure { () throws(EventoError) in _ = try ReadRequest(json: body(201)) }
    #expect(locations(error) == ["/aggregators"])
    #expect(error?.detail.contains("200") == true)
  }

  @Test(arguments: [
    ReadRequest(aggregators: nil, routingKey: .all, args: .forward()),
    ReadRequest(
      aggregators: [ReadAggregator("t\"", id: "i", name: "n"), ReadAggregator("u")],
      routingKey: .value("k\n".dropLast() + "é"),
      args: .forward(first: 7, after: .after(Cursor(content: [1]))), encoding: .base64, wait: 5),
    ReadRequest(aggregators: [], routingKey: .value(nil), args: .backward(last: 3, before: Cursor(content: [2]))),
    ReadRequest(aggregators: nil, routingKey: .value("x"), args: .forward(first: 0, after: .now)),
  ])
  func readsWhatItWrites(_ request: ReadRequest) throws {
    let read = try ReadRequest(json: request.json)
    #expect(read.aggregators == request.aggregators)
    #expect(read.routingKey == request.routingKey)
    #expect(read.args == request.args)
    #expect(read.encoding == request.encoding)
    #expect(read.wait == request.wait)
  }
}
