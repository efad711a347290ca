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
}
