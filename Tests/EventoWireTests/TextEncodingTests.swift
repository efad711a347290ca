import ByteCoding
import Evento
import Testing

@testable import EventoWire

/// RFC 8259 §8.1: JSON is UTF-8. A byte order mark before it is ignored; another encoding is called by its name.
@Suite struct TextEncodingTests {
  private static func body(_ payload: String) -> String {
    #"{"events":[{"aggregator_type":"t","aggregator_id":"é😀","name":"n",\#(payload)}]}"#
  }
  private static let body = body(#""data":1"#)
  private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]

  private func refusal(_ body: [UInt8]) -> EventoError? {
    failure { () throws(EventoError) in _ = try WriteRequest(json: body, limits: WireLimits()) }
  }

  @Test(arguments: ["", " ", "\r\n"])
  func ignoresAMarkOfUTF8(_ before: String) throws {
    let request = try WriteRequest(json: Self.mark + bytes(before + Self.body), limits: WireLimits())
    #expect(request.events.map(\.aggregatorID) == ["é😀"])
    #expect(request.events.map(\.data.bytes) == [bytes("1")])
  }

  /// Everything else that a gateway reads.
  @Test func ignoresItInEachBody() throws {
    func marked(_ text: String) -> [UInt8] { Self.mark + bytes(text) }
    #expect(try ReadRequest(json: marked("{\"aggregators\":[]}")).aggregators == [])
    #expect(try FollowRequest(json: marked("{\"after\":\"now\"}"), lastEventID: nil).after == .now)
    #expect(try EnableRequest(json: marked("{\"enabled\":true}")).isEnabled)
    let id = ULID()
    #expect(try UpsertRequest(json: marked("{\"worker_id\":\"\(id)\"}")).workerID == id)
    #expect(try AcknowledgeRequest(json: marked("{\"cursor\":null}")).cursor == nil)
    let cursor = Cursor(content: [1])
    let snapshot = try SnapshotBody.snapshot(
      request: marked("{\"cursor\":\"\(cursor)\",\"data\":\"\u{FEFF}\"}"), limits: WireLimits())
    #expect(snapshot.data.bytes == bytes("\"\u{FEFF}\""))
  }

  /// One mark, before the whole text; the offsets of errors count it.
  @Test(arguments: [
    ("", "byte order mark"), ("\u{FEFF}{}", "at byte 3"), ("{\u{FEFF}}", "at byte 4"), ("{}\u{FEFF}", "at byte 5"),
    ("{", "at byte 4"),
  ])
  func takesNoMarkElsewhere(_ text: String, _ detail: String) {
    let error = refusal(Self.mark + bytes(text))
    #expect(error?.code == .invalidJSON)
    #expect(error?.detail.contains(detail) == true, "\(String(describing: error))")
  }

  /// It can't be seen where it stands.
  @Test(arguments: [
    ("\u{FEFF}\u{FEFF}{}", 3), (" \u{FEFF}{}", 1), ("{\u{FEFF}}", 1), ("{}\u{FEFF}", 2),
    ("{\"events\":\u{FEFF}[]}", 10),
  ])
  func callsAMarkElsewhereByItsName(_ text: String, _ offset: Int) {
    let error = refusal(bytes(text))
    #expect(error?.code == .invalidJSON)
    #expect(
      error?.detail
        == "The body has a byte order mark (U+FEFF) at byte \(offset). It is allowed only at the beginning.")
  }

  @Test(arguments: ["\u{0}{}", "\u{0}{\"events\":[]}", "\u{0}\(body)", "{\u{0}\"events\":[]}"])
  func callsNoNULAnotherEncoding(_ text: String) {
    let error = refusal(bytes(text))
    #expect(error?.code == .invalidJSON)
    #expect(error?.detail.contains("at byte \(text.hasPrefix("{") ? 1 : 0)") == true, "\(String(describing: error))")
  }

  @Test(
    arguments: [
      [0xEF], [0xEF, 0xBB], [0xEF, 0xBB, 0xBE, 0x7B, 0x7D], [0xFF], [0xFE], [0, 0, 0, 0], [0], [0xFF, 0x7B],
    ] as [[UInt8]])
  func callsOtherBytesNoJSON(_ bytes: [UInt8]) {
    let error = refusal(bytes)
    #expect(error?.code == .invalidJSON)
    #expect(error?.detail.contains("at byte 0") == true, "\(String(describing: error))")
  }

  @Test(arguments: [true, false], ["{}", "[]", "1", "{\"events\":[]}", "{\"é\":1}", "  {}", Self.body])
  func callsUTF16AndUTF32ByTheirNames(_ isMarked: Bool, _ text: String) {
    let text = (isMarked ? "\u{FEFF}" : "") + text
    let units = text.utf16.map(bigEndian)
    let scalars = text.unicodeScalars.map { bigEndian($0.value) }
    for (name, encoded) in [
      ("UTF-16", units), ("UTF-16", units.map { $0.reversed() }),
      ("UTF-32", scalars), ("UTF-32", scalars.map { $0.reversed() }),
    ] as [(String, [[UInt8]])] {
      let error = refusal(encoded.flatMap { $0 })
      #expect(error?.code == .invalidJSON)
      #expect(error?.detail == "The body is encoded in \(name). Send it in UTF-8 (RFC 8259 §8.1).")
    }
  }

  private func bigEndian<Unit: FixedWidthInteger>(_ unit: Unit) -> [UInt8] {
    withUnsafeBytes(of: unit.bigEndian) { Array($0) }
  }

  /// A payload's bytes are kept, whatever they begin with.
  @Test func leavesPayloadsAlone() throws {
    let payload = Self.mark + bytes("{}")
    let text = Self.body(#""data_base64":"\#(Base64.standard.encode(payload))""#)
    let event = try #require(try WriteRequest(json: Self.mark + bytes(text), limits: WireLimits()).events.first)
    #expect(event.data.bytes == payload && !event.data.isJSON)
  }
}
