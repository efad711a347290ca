import Evento
import Testing

@testable import EventoWire

@Suite struct WriteRequestTests {
  @Test func readsEveryMember() throws {
    let request = try write(
      eventJSON([
        "id": "\"01jd0000000000000000000001\"", "version": "7", "routing_key": "\"eu\"", "data": " {\"a\" : 1.10}",
        "metadata": "{\"who\":\"x\"}", "timestamp": "12", "timestamp_subsec": "34",
      ]))
    let event = try #require(request.events.first)
    #expect(event.id?.description == "01JD0000000000000000000001")
    #expect(event.version == 7)
    #expect(event.routingKey == .value("eu"))
    #expect(event.data.text == "{\"a\" : 1.10}")
    #expect(event.data.isJSON)
    #expect(event.metadata.json == "{\"who\":\"x\"}")
    #expect(event.timestamp == Timestamp(seconds: 12, subsecond: 34))
    #expect(request.condition == nil)
  }

  @Test func leavesOutWhatIsLeftOut() throws {
    let event = try #require(try write(eventJSON()).events.first)
    #expect(event.id == nil)
    #expect(event.version == nil)
    #expect(event.routingKey == .inherited)
    #expect(event.data.bytes.isEmpty)
    #expect(event.metadata.json == "{}")
    #expect(event.timestamp == nil)
  }

  @Test(arguments: [
    "1.10", "1E2", "1234567890123456789012345678901234567890", "{\"b\":1,\"a\":2,\"b\":3}", "\"\\ud800\"", "null", "[]",
    "\"\\u00e9\\/\"", "{ \"a\" :\t[ ] }", "-0.0e-0",
  ])
  func keepsThePayloadsBytes(_ json: String) throws {
    let event = try #require(try write(eventJSON(["data": "  \(json)\n"])).events.first)
    #expect(event.data.text == json)
    #expect(event.data.isJSON)
  }

  @Test func takesBase64() throws {
    let event = try #require(try write(eventJSON(["data_base64": "\"AP8=\""])).events.first)
    #expect(event.data.bytes == [0x00, 0xFF])
    #expect(!event.data.isJSON)
    #expect(try write(eventJSON(["data_base64": "\"MQ==\""])).events.first?.data.isJSON == true)
  }

  /// Each member with a value that it can't have, and the location of its error.
  @Test(arguments: [
    ("id", "\"01JD000000000000000000000I\""), ("id", "\"81JD0000000000000000000001\""), ("id", "7"), ("id", "null"),
    ("id", "\"01JD\""), ("aggregator_type", "\"\""), ("aggregator_type", "null"), ("aggregator_type", "1"),
    ("aggregator_id", "\"a\\u0000b\""), ("aggregator_id", "\"\\u007f\""), ("name", "\"\\ud800\""), ("name", "[]"),
    ("version", "0"), ("version", "2147483648"), ("version", "1.0"), ("version", "1e0"), ("version", "-1"),
    ("version", "\"1\""), ("version", "null"), ("version", "99999999999999999999999"), ("routing_key", "\"\""),
    ("routing_key", "1"), ("data_base64", "\"A\""), ("data_base64", "\"AP9=\""), ("data_base64", "\"A P=\""),
    ("data_base64", "\"_-8=\""), ("data_base64", "null"), ("metadata", "[]"), ("metadata", "null"),
    ("metadata", "\"{}\""), ("metadata", "{\"a\":1,\"\\u0061\":2}"), ("timestamp", "-1"), ("timestamp", "253402300800"),
    ("timestamp", "1.5"), ("timestamp", "null"), ("nmae", "1"), ("Name", "\"x\""),
  ])
  func namesTheMemberThatIsWrong(_ member: String, _ value: String) {
    let error = failure { () throws(EventoError) in _ = try write(eventJSON(), eventJSON([member: value])) }
    #expect(error?.code == .invalidRequest)
    #expect(locations(error) == ["/events/1/\(member)"])
  }

  @Test func namesLengthsByBytes() {
    let longest = String(repeating: "é", count: 127) + "e"
    #expect(throws: Never.self) { try write(eventJSON(["name": "\"\(longest)\""])) }
    let error = failure { () throws(EventoError) in _ = try write(eventJSON(["name": "\"\(longest)e\""])) }
    #expect(error?.detail.contains("1 to 255 bytes") == true)
  }

  @Test(arguments: ["aggregator_type", "aggregator_id", "name"])
  func namesTheMemberThatIsMissing(_ member: String) {
    let error = failure { () throws(EventoError) in _ = try write(eventJSON(without: [member])) }
    #expect(locations(error) == ["/events/0/\(member)"])
  }

  @Test func reportsEveryErrorAtOnce() {
    let error = failure { () throws(EventoError) in
      _ = try write(eventJSON(["version": "0", "id": "1"], without: ["name"]), "7")
    }
    #expect(locations(error) == ["/events/0/id", "/events/0/version", "/events/0/name", "/events/1"])
  }

  @Test func reportsALimitedNumberOfErrors() {
    let events = (0..<500).map { _ in "7" }.joined(separator: ",")
    let error = failure { () throws(EventoError) in _ = try write(events) }
    #expect(locations(error).count == JSONReader.maximumErrors)
  }

  /// A body has room for millions of errors.
  @Test func makesNoTextOfErrorsThatItDoesNotReport() {
    var texts = 0
    func text() -> String {
      texts += 1
      return "is wrong"
    }
    let error = failure { () throws(EventoError) in
      try JSONReader.read(bytes("1")) { (reader) throws(EventoError) in
        for _ in 0..<100 {
          reader.addError(text())
          reader.addError(EventMember.name, text())
        }
        try reader.skip()
      }
    }
    #expect(locations(error).count == JSONReader.maximumErrors)
    #expect(texts == JSONReader.maximumErrors)
  }

  @Test func refusesMembersTwice() {
    let event = "{\"name\":\"n\",\"aggregator_type\":\"t\",\"aggregator_id\":\"i\",\"na\\u006de\":\"m\"}"
    #expect(locations(failure { () throws(EventoError) in _ = try write(event) }) == ["/events/0/name"])
  }

  @Test func escapesPointers() {
    let error = failure { () throws(EventoError) in _ = try write(eventJSON(["a/b~c": "1"])) }
    #expect(locations(error) == ["/events/0/a~1b~0c"])
  }

  @Test func tellsPayloadsApart() {
    let both = failure { () throws(EventoError) in _ = try write(eventJSON(["data": "1", "data_base64": "\"\""])) }
    #expect(locations(both) == ["/events/0/data_base64"])
    let alone = failure { () throws(EventoError) in _ = try write(eventJSON(["timestamp_subsec": "1"])) }
    #expect(locations(alone) == ["/events/0/timestamp_subsec"])
  }

  @Test func refusesMixedVersions() {
    let mixed = failure { () throws(EventoError) in
      _ = try write(eventJSON(["version": "1"]), eventJSON(["aggregator_id": "\"j\""]), eventJSON())
    }
    #expect(locations(mixed) == ["/events/2/version"])
  }

  @Test func tellsNothingFromNoMember() {
    #expect(failure { () throws(EventoError) in _ = try write() }?.code == .missingData)
    let none = failure { () throws(EventoError) in _ = try WriteRequest(json: bytes("{}"), limits: WireLimits()) }
    #expect(none?.code == .invalidRequest)
    #expect(locations(none) == ["/events"])
  }

  @Test(arguments: [
    "", " ", "{", "{\"events\":[}", "{\"events\":[],}", "{\"events\":[]} x", "{'a':1}", "nul",
  ])
  func tellsWhatIsNoJSON(_ body: String) {
    let error = failure { () throws(EventoError) in _ = try WriteRequest(json: bytes(body), limits: WireLimits()) }
    #expect(error?.code == .invalidJSON)
  }

  @Test(arguments: ["[]", "7", "\"x\"", "null", "true"])
  func wantsAnObject(_ body: String) {
    let error = failure { () throws(EventoError) in _ = try WriteRequest(json: bytes(body), limits: WireLimits()) }
    #expect(error?.code == .invalidRequest)
    #expect(locations(error) == [""])
  }

  @Test func nestsTo128() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    #expect(throws: Never.self) { try write(eventJSON(["data": nested(128)])) }
    let error = failure { () throws(EventoError) in _ = try write(eventJSON(["data": nested(129)])) }
    #expect(error?.code == .invalidRequest)
    #expect(locations(error) == ["/events/0/data"])
  }

  @Test func quotesItsLimits() throws {
    var limits = WireLimits()
    limits.payloadBytes = 4
    limits.metadataBytes = 9
    limits.eventsPerWrite = 2
    func attempt(_ events: String...) -> EventoError? {
      let body = bytes("{\"events\":[\(events.joined(separator: ","))]}")
      return failure { () throws(EventoError) in _ = try WriteRequest(json: body, limits: limits) }
    }
    #expect(attempt(eventJSON(["data": "1234"])) == nil)
    #expect(attempt(eventJSON(["data": "12345"]))?.code == .contentTooLarge)
    #expect(attempt(eventJSON(["data": "12345"]))?.detail.contains("the limit is 4") == true)
    #expect(attempt(eventJSON(["data_base64": "\"AAAAAAA=\""]))?.code == .contentTooLarge)
    #expect(attempt(eventJSON(["metadata": "{\"a\":123}"])) == nil)
    #expect(attempt(eventJSON(["metadata": "{\"a\":1234}"]))?.code == .contentTooLarge)
    // Whether it has a member twice is not looked for in what is too large anyway.
    #expect(attempt(eventJSON(["metadata": "{\"a\":1,\"a\":1}"]))?.code == .contentTooLarge)
    #expect(attempt(eventJSON(["metadata": "{\"a\":1,\"a\":1]"]))?.code == .invalidJSON)
    let three = attempt(eventJSON(), eventJSON(), eventJSON())
    #expect(three?.code == .invalidRequest)
    #expect(three?.detail.contains("the limit is 2") == true)
  }

  @Test func readsConditions() throws {
    let cursor = Cursor(content: [1, 2, 3])
    let body = """
      {"condition":{"after":"\(cursor)","fail_if_events_match":[{"aggregator_type":"t","name":"n"}]},"events":[\(eventJSON())]}
      """
    let condition = try WriteRequest(json: bytes(body), limits: WireLimits()).condition
    #expect(condition == WriteCondition(failIfEventsMatch: [ReadAggregator("t", name: "n")], after: cursor))
  }

  @Test(arguments: [
    ("{}", "/condition/fail_if_events_match"), ("{\"fail_if_events_match\":[]}", "/condition/fail_if_events_match"),
    ("{\"fail_if_events_match\":[{}]}", "/condition/fail_if_events_match/0/aggregator_type"),
    ("{\"fail_if_events_match\":[{\"aggregator_type\":\"t\"}],\"x\":1}", "/condition/x"), ("null", "/condition"),
  ])
  func namesWhatIsWrongWithACondition(_ condition: String, _ location: String) {
    let body = "{\"condition\":\(condition),\"events\":[\(eventJSON())]}"
    let error = failure { () throws(EventoError) in _ = try WriteRequest(json: bytes(body), limits: WireLimits()) }
    #expect(locations(error) == [location])
  }

  @Test func readsWhatItWrites() throws {
    let events = [
      NewEvent(
        id: ULID(), aggregatorType: "a/\"b\"\\", aggregatorID: "\u{1F600}é", version: 3, name: "n\u{2028}",
        routingKey: .value(nil), data: Payload([0, 255]), metadata: try Metadata(json: "{\"k\":[1]}"),
        timestamp: Timestamp(milliseconds: 1_234)),
      NewEvent(aggregatorType: "t", aggregatorID: "i", name: "n", data: Payload("{\"x\":1}")),
    ]
    let condition = WriteCondition(
      failIfEventsMatch: [ReadAggregator("t", id: "i")], after: Cursor(content: [9]))
    let request = try WriteRequest(
      json: WriteRequest(events: events, condition: condition).json, limits: WireLimits())
    #expect(request.condition == condition)
    #expect(request.events.count == 2)
    for (left, right) in zip(request.events, events) {
      #expect(left.id == right.id)
      #expect(left.aggregatorType == right.aggregatorType)
      #expect(left.aggregatorID == right.aggregatorID)
      #expect(left.version == right.version)
      #expect(left.name == right.name)
      #expect(left.routingKey == right.routingKey)
      #expect(left.data == right.data)
      #expect(left.metadata == right.metadata)
      #expect(left.timestamp == right.timestamp)
    }
  }
}
