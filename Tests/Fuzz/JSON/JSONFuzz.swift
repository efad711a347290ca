internal import Foundation

@testable internal import ByteCoding
@testable internal import Evento

/// Bytes as JSON text, as each of the bodies that are taken, and as what is written into JSON.
///
/// The scanner takes what the grammar of RFC 8259 takes, and says of it what Foundation says; what is read from a body is
/// written as a body of which the same is read; what is written is JSON that gives back what went into it.
func fuzz(_ bytes: [UInt8]) {
  let text = Result { () throws(JSONScanner.ParseError) in try JSONTree(text: bytes) }
  checkScanner(bytes, text)
  checkGrammar(bytes, text)
  checkFoundation(bytes, text)
  checkBodies(bytes)
  checkWriting(bytes)
}

/// To step over a value and to walk through it find the same.
private func checkScanner(_ bytes: [UInt8], _ text: Result<JSONTree, JSONScanner.ParseError>) {
  var scanner = JSONScanner(bytes)
  scanner.skipWhitespace()
  let start = scanner.offset
  do throws(JSONScanner.ParseError) {
    let value = try scanner.skipValue()
    expectEqual(value, start..<scanner.offset, "where the value stands")
    expect(JSONScanner.isBareValue(Array(bytes[value])), "a value is none by itself")
    scanner.skipWhitespace()
    if scanner.next != nil { throw scanner.error("expected nothing behind the value") }
    if case .failure(let error) = text { expect(false, "stepped over what is not JSON: \(error)") }
    expectEqual(JSONScanner.isBareValue(bytes), value == bytes.indices, "bare")
    expectEqual(Payload(bytes).isJSON, value == bytes.indices, "a payload")
    checkRepeats(bytes, value, text)
  } catch {
    expect(error.offset <= bytes.count, "an error at \(error.offset)")
    expect(!JSONScanner.isBareValue(bytes), "bare and an error: \(error)")
    guard case .failure(let expected) = text else { return expect(false, "walked through what is not JSON: \(error)") }
    expectEqual(expected, error, "the error")
  }
}

/// Where members may not be repeated, the first one that is ends the reading.
private func checkRepeats(_ bytes: [UInt8], _ value: Range<Int>, _ text: Result<JSONTree, JSONScanner.ParseError>) {
  var scanner = JSONScanner(bytes, at: value.lowerBound)
  let repeats = (try? text.get())?.repeatsMembers
  do throws(JSONScanner.ParseError) {
    expectEqual(try scanner.skipValue(.unique(within: .max)), value, "where the value stands")
    expectEqual(repeats, false, "stepped over a repeated member")
  } catch {
    expectEqual(error.kind, .repeatedMember, "the only thing that is wrong")
    expectEqual(repeats, true, "no member is repeated")
  }
}

/// What is JSON, as the grammar of RFC 8259 has it. Something may be wrong behind what is too deep.
private func checkGrammar(_ bytes: [UInt8], _ text: Result<JSONTree, JSONScanner.ParseError>) {
  switch text {
  case .success: expect(Grammar.isJSON(bytes), "took what is not JSON")
  case .failure(let error): expect(error.kind == .depth || !Grammar.isJSON(bytes), "did not take JSON: \(error)")
  }
}

/// What it means, as Foundation says. Foundation takes more than JSON, so that says nothing of what is refused.
private func checkFoundation(_ bytes: [UInt8], _ text: Result<JSONTree, JSONScanner.ParseError>) {
  // It tells UTF-16 and UTF-32 from the first bytes.
  guard case .success(let tree) = text, tree.isPlain, !bytes.prefix(4).contains(0) else { return }
  do {
    let object = try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
    expect(tree.means(object), "Foundation says \(object), and here it is \(tree)")
  } catch {
    expect(false, "Foundation does not take \(tree): \(error)")
  }
}
