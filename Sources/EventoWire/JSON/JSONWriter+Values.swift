internal import ByteCoding
internal import Evento

extension JSONRoom {
  mutating func put(cursor: Cursor?) {
    guard let cursor else { return put(json: "null") }
    var text = cursor.description
    text.withUTF8 { put(plainString: UnsafeRawBufferPointer($0)) }
  }

  mutating func put(ulid: ULID) {
    put(json: "\"")
    put(upTo: ULID.textLength) { room in
      ulid.writeText(to: room)
      return ULID.textLength
    }
    put(json: "\"")
  }
}

extension JSONWriter {
  mutating func write(cursor: Cursor?) {
    if let cursor { write(plainString: cursor.description) } else { write(json: "null") }
  }

  mutating func write(ulid: ULID) {
    write(upTo: ULID.textLength + 2) { $0.put(ulid: ulid) }
  }

  /// Writes the members `timestamp` and `timestamp_subsec`, after others.
  mutating func write(timestampMembers timestamp: Timestamp) {
    write(upTo: 80) { $0.put(timestampMembers: timestamp) }
  }
}
