import Evento
import EventoTesting
import Testing

@Suite struct CursorTests {
  private func isDamaged(_ text: String) -> Bool {
    do {
      _ = try Cursor(text)
      return false
    } catch {
      return (error as? EventoError)?.code == .invalidCursor
    }
  }

  @Test(arguments: [1, 13, 14, 15, 16, 100, Cursor.maximumContentLength])
  func aCursorThatIsDamagedAnywhereIsNone(length: Int) throws {
    var random = SeededGenerator(seed: UInt64(length))
    let content = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
    let cursor = Cursor(content: content)
    #expect(cursor.content == content)
    #expect(try Cursor(cursor.description) == cursor)
    #expect(cursor.description.utf8.count <= Cursor.maximumLength)

    let text = Array(cursor.description.utf8)
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+/= %.é\u{0}".utf8)
    for offset in text.indices {
      for character in alphabet where character != text[offset] {
        var bytes = text
        bytes[offset] = character
        #expect(isDamaged(String(decoding: bytes, as: UTF8.self)), "another character at \(offset)")
      }
      #expect(isDamaged(String(decoding: text[..<offset], as: UTF8.self)), "cut off at \(offset)")
      #expect(isDamaged(String(decoding: text[offset...].dropFirst(), as: UTF8.self)), "without its beginning")
    }
    let whole = cursor.description
    for other in [whole + "A", whole + "=", whole + " ", " " + whole, whole + whole, whole + "\n"] {
      #expect(isDamaged(other))
    }
  }

  @Test func whatIsNoCursorIsDamaged() {
    for text in [
      "", "now", "0", "AA", "AAAAAAAA", "-", String(repeating: "A", count: 200), String(repeating: "A", count: 100_000),
    ] {
      #expect(isDamaged(text))
    }
  }
}
