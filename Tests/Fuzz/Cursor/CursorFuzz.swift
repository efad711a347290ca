@testable internal import Evento
@testable internal import EventoStorage
@testable internal import EventoWire

/// Bytes as a cursor's text, as the content of a cursor, and as the positions of a group of executors.
///
/// What is read as a cursor is written as the same text; content comes back as it went in; a text of which one character is
/// another is no cursor.
func fuzz(_ bytes: [UInt8]) {
  checkText(String(decoding: bytes, as: UTF8.self))
  let content = Array(bytes.prefix(Cursor.maximumContentLength))
  if !content.isEmpty {
    let cursor = Cursor(content: content)
    expectEqual(cursor.content, content, "content, written and read again")
    checkText(cursor.description)
    checkDamage(cursor)
  }
  checkLogPosition(bytes)
  checkGroup(bytes)
}

private func checkText(_ text: String) {
  do throws(EventoError) {
    let cursor = try Cursor(parsing: text)
    expect(cursor.description.isExactly(text), "read as \(cursor)")
    expect(text.utf8.count <= Cursor.maximumLength && text.utf8.allSatisfy(letters.contains), "taken: \(text)")
    expect((1...Cursor.maximumContentLength).contains(cursor.content.count), "\(cursor.content.count) bytes")
    expectEqual(Cursor(content: cursor.content), cursor, "a cursor, read and written again")
    expectEqual(try? Args.Start(wire: text, "It"), .after(cursor), "as a position to read from")
    checkReaders(cursor)
  } catch {
    expectEqual(error.code, .invalidCursor, "the error's code")
  }
}

private let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
private let letters = Set(alphabet)

/// A character is six bits of one byte or of two next to each other, and the check shows any such change.
private func checkDamage(_ cursor: Cursor) {
  var text = Array(cursor.description.utf8)
  var generator = InputGenerator(text)
  let index = Int.random(in: text.indices, using: &generator)
  guard let other = alphabet.randomElement(using: &generator), other != text[index] else { return }
  text[index] = other
  expect((try? Cursor(String(decoding: text, as: UTF8.self))) == nil, "taken with another character at \(index)")
}

/// Stores that have never seen a cursor say that it is not theirs, and are well.
private func checkReaders(_ cursor: Cursor) {
  if let position = LogPosition(cursor) { expectEqual(position.cursor, cursor, "as a position in a log") }
  for memberCount in 1...3 {
    do throws(EventoError) {
      let group = try GroupPosition(cursor, memberCount: memberCount)
      expectEqual(group.cursors.count, memberCount, "the positions of a group")
      expect(group.owner.map { $0 < memberCount } ?? true, "of member \(group.owner ?? 0)")
      let again = try? GroupPosition(try group.cursor(), memberCount: memberCount)
      expectEqual(again?.cursors, group.cursors, "the positions of a group, written and read again")
    } catch {
      expectEqual(error.code, .cursorNotInHistory, "the error's code")
    }
  }
}

/// A position in a store's log, of any numbers that fit.
private func checkLogPosition(_ bytes: [UInt8]) {
  let position = bytes.prefix(8).reduce(0) { $0 << 8 | Int64($1) }
  let commitID = bytes.dropFirst(8).prefix(6).reduce(0) { $0 << 8 | Int64($1) }
  let written = LogPosition(position: position, commitID: commitID)
  expectEqual(LogPosition(written.cursor), written, "a position, written and read again")
  checkText(written.cursor.description)
}

/// The cursors of a group's members: the bytes between zeros, none where there are none.
private func checkGroup(_ bytes: [UInt8]) {
  let cursors = bytes.split(separator: 0, maxSplits: 7, omittingEmptySubsequences: false).map { content in
    content.isEmpty ? nil : Cursor(content: Array(content.prefix(Cursor.maximumContentLength)))
  }
  guard cursors.count > 1 else { return }
  let owner = bytes.count % (cursors.count + 1)
  let group = GroupPosition(cursors, owner: owner < cursors.count ? owner : nil)
  do throws(EventoError) {
    let cursor = try group.cursor()
    checkText(cursor.description)
    let read = try GroupPosition(cursor, memberCount: cursors.count)
    expectEqual(read.cursors, group.cursors, "the positions of a group, written and read again")
    // The first member's position alone is written as that member's own.
    expect(read.owner == group.owner || cursor == cursors[0], "of member \(read.owner ?? -1)")
  } catch {
    expectEqual(error.code, .internal, "the error's code")
    expect(
      cursors.reduce(4) { $0 + 1 + ($1?.content.count ?? 0) } > Cursor.maximumContentLength, "not too long: \(error)")
  }
}
