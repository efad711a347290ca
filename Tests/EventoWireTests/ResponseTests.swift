import Evento
import Testing

@testable import EventoWire

@Suite struct ResponseTests {
  private let event = Event(
    id: ULID("01JD0000000000000000000001") ?? ULID(), aggregatorType: "t", aggregatorID: "i\"", version: 2, name: "n",
    routingKey: nil, data: Payload("{\"x\": 1.10}"), metadata: Metadata(), timestamp: Timestamp(milliseconds: 12_034))

  @Test func writesEventsByHand() {
    let cursor = Cursor(content: [1])
    #expect(
      text(ReadResponse.json(Edge(cursor: cursor, node: event), .auto)) == """
        {"cursor":"\(cursor)","node":{"id":"01JD0000000000000000000001","aggregator_type":"t","aggregator_id":"i\\"",\
        "version":2,"name":"n","routing_key":null,"data":{"x": 1.10},"metadata":{},"timestamp":12,"timestamp_subsec":34}}

        """)
    #expect(
      text(ReadResponse.json(Edge(cursor: cursor, node: event), .base64)).contains(
        "\"data_base64\":\"eyJ4IjogMS4xMH0=\""))
  }

  @Test func readsPages() throws {
    let page = ReadResult(
      edges: [Edge(cursor: Cursor(content: [1]), node: event), Edge(cursor: Cursor(content: [2]), node: event)],
      pageInfo: PageInfo(
        hasPreviousPage: true, hasNextPage: false, startCursor: Cursor(content: [1]), endCursor: nil))
    #expect(try ReadResponse.page(json: ReadResponse.json(page, .auto)) == page)
    #expect(try ReadResponse.page(json: ReadResponse.json(page, .base64)) == page)
    let empty = ReadResult<Event>(
      edges: [], pageInfo: PageInfo(hasPreviousPage: false, hasNextPage: true, startCursor: nil, endCursor: nil))
    #expect(try ReadResponse.page(json: ReadResponse.json(empty, .auto)) == empty)
  }

  @Test(
    arguments: [[], [0xFF], Array("1 ".utf8), Array("{\"a\":1,\"a\":2}".utf8), Array("\"\\ud800\"".utf8)] as [[UInt8]])
  func keepsPayloads(_ data: [UInt8]) throws {
    let body = SnapshotBody.json(Snapshot(data: Payload(data), cursor: Cursor(content: [3])), .auto)
    #expect(try SnapshotBody.snapshot(response: body).data.bytes == data)
    #expect(text(body).contains("data_base64") == !Payload(data).isJSON)
  }

  @Test func readsWriteResponses() throws {
    let events = [
      WrittenEvent(
        id: ULID(), aggregatorType: "t", aggregatorID: "i", version: 1, routingKey: "k",
        timestamp: Timestamp(milliseconds: 5), cursor: Cursor(content: [1])),
      WrittenEvent(
        id: ULID(), aggregatorType: "t", aggregatorID: "i", version: 2, routingKey: nil,
        timestamp: Timestamp(milliseconds: 253_402_300_799_999), cursor: Cursor(content: [2])),
    ]
    #expect(try WriteResponse.events(json: WriteResponse.json(events)) == events)
  }

  @Test func readsSubscribers() throws {
    let subscriber = Subscriber(
      key: "k/é", workerID: ULID(), cursor: nil, lag: Subscriber.maximumLag, isEnabled: false,
      createdAt: Timestamp(milliseconds: 0), updatedAt: Timestamp(milliseconds: 1_709_164_800_123))
    #expect(try SubscriberResponse.subscriber(json: SubscriberResponse.json(subscriber)) == subscriber)
    for page in [
      SubscriberPage(subscribers: [subscriber], hasNextPage: true), SubscriberPage(subscribers: [], hasNextPage: false),
    ] {
      #expect(try SubscriberResponse.page(json: SubscriberResponse.json(page)) == page)
    }
    #expect(text(SubscriberResponse.json(subscriber)).contains("\"updated_at\":\"2024-02-29T00:00:00.123Z\""))
    #expect(try SubscriberResponse.isRunning(json: SubscriberResponse.json(isRunning: true)))
  }

  @Test func skipsWhatANewerGatewayAdds() throws {
    #expect(try SubscriberResponse.isRunning(json: bytes("{\"x\":[{}],\"running\":true}")))
  }

  @Test(arguments: ["", "<html>", "{}", "[]", "{\"edges\":[],\"page_info\":{}}", "{\"edges\":[{}],\"page_info\":null}"])
  func tellsNonsense(_ body: String) {
    #expect(throws: EventoError.self) { try ReadResponse.page(json: bytes(body)) }
  }
}

@Suite struct ProblemTests {
  @Test(arguments: [
    EventoError(.invalidCursor, "a \"quoted\"\nline"),
    EventoError.fieldErrors([.init(.pointer("/a"), "x"), .init(.parameter("b"), "y")]),
    EventoError(
      .invalidOriginalVersion, "d",
      facts: .versionConflict(aggregatorType: "t", aggregatorID: "i", givenVersion: 3, currentVersion: 0)),
    EventoError.duplicateEvent(ULID(), "is there"), EventoError(EventoError.Code(rawValue: "of_tomorrow"), "d"),
  ])
  func keepsTheKindAcrossTheWire(_ error: EventoError) {
    #expect(Problem.error(json: Problem.json(error)) == error)
  }

  @Test func keepsTheInsideToItself() {
    #expect(!text(Problem.json(EventoError(.internal, "d", cause: "secret"))).contains("secret"))
  }

  @Test func isAsRFC9457HasIt() {
    #expect(
      text(Problem.json(EventoError(.eventNotFound, "No."))) == """
        {"type":"urn:evento:problem:event_not_found","title":"Event not found","status":404,"detail":"No.",\
        "code":"event_not_found"}

        """)
  }

  @Test(arguments: ["", "<html>", "{}", "{\"detail\":\"x\"}", "{\"code\":7}"])
  func tellsWhatIsNone(_ body: String) {
    #expect(Problem.error(json: bytes(body)) == nil)
  }
}

@Suite struct TimestampTextTests {
  @Test(
    arguments: [
      (0, "1970-01-01T00:00:00.000Z"), (951_782_399_999, "2000-02-28T23:59:59.999Z"),
      (951_782_400_000, "2000-02-29T00:00:00.000Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
      (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ] as [(Int64, String)])
  func writesAndReads(_ milliseconds: Int64, _ text: String) {
    #expect(Timestamp(milliseconds: milliseconds).rfc3339 == text)
    #expect(Timestamp(rfc3339: text) == Timestamp(milliseconds: milliseconds))
  }

  @Test func readsAnyFraction() {
    #expect(Timestamp(rfc3339: "1970-01-01T00:00:01Z")?.milliseconds == 1000)
    #expect(Timestamp(rfc3339: "1970-01-01T00:00:01.5Z")?.milliseconds == 1500)
    #expect(Timestamp(rfc3339: "1970-01-01T00:00:01.123456789Z")?.milliseconds == 1123)
    #expect(Timestamp(rfc3339: "1970-01-01T00:00:01.Z") == nil)
    #expect(Timestamp(rfc3339: "1970-01-01 00:00:01Z") == nil)
    #expect(Timestamp(rfc3339: "1970-13-01T00:00:01Z") == nil)
    #expect(Timestamp(rfc3339: "2024-02-29T00:00:00Z") != nil)
    #expect(Timestamp(rfc3339: "2026-02-29T00:00:00Z") == nil)
    #expect(Timestamp(rfc3339: "2026-04-31T00:00:00Z") == nil)
  }

  /// A gateway writes UTC, and nothing before 1970 or after 9999.
  @Test(arguments: [
    "1970-01-01t00:00:01Z", "1970-01-01T00:00:01z", "1970-01-01T00:00:01+00:00", "1969-12-31T23:59:59.999Z",
    "0000-01-01T00:00:00.000Z", "9999-12-31T23:59:60Z",
  ])
  func readsNoOtherForm(_ text: String) {
    #expect(Timestamp(rfc3339: text) == nil)
  }

  @Test func writesTheNearestMomentOfItsYears() {
    #expect(Timestamp(milliseconds: -1).rfc3339 == "1970-01-01T00:00:00.000Z")
    #expect(Timestamp(milliseconds: .max).rfc3339 == "9999-12-31T23:59:59.999Z")
  }
}
