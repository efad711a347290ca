import Evento
import EventoWire
import Testing

@Suite struct PageOutputTests {
  /// A read that waits holds its empty page for as long as it waits.
  @Test(arguments: [Args.forward(first: 1000), .forward(first: 65535), .backward(last: 1000)])
  func anEmptyPageHasNoRoomBehindIt(_ args: Args) {
    var output = PageOutput(args, .auto, limit: 8 << 20)
    let page = output.finish(
      PageInfo(hasPreviousPage: false, hasNextPage: false, startCursor: nil, endCursor: nil))
    #expect(page.capacity < 1024 && page.count > 50)
  }

  /// A payload that has no room as base64 need not be read.
  @Test func knowsByItsLengthThatAPayloadHasNoRoom() {
    var output = PageOutput(.forward(first: 10), .auto, limit: 10_000)
    #expect(output.hasRoom(payloadBytes: 1 << 30, isJSON: false))
    let event = Event(
      id: ULID(), aggregatorType: "t", aggregatorID: "a", version: 1, name: "n", routingKey: nil,
      data: Payload("1"), metadata: Metadata(), timestamp: Timestamp(milliseconds: 0))
    let edge = Edge(cursor: Cursor(content: [1]), node: event)
    let isAdded = edge.withView { output.add($0) }
    #expect(isAdded)
    #expect(output.hasRoom(payloadBytes: 8000, isJSON: true))
    #expect(!output.hasRoom(payloadBytes: 8000, isJSON: false))
    #expect(!output.hasRoom(payloadBytes: 10_000, isJSON: true))
  }
}
