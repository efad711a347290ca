package import Evento

extension Cursor {
  /// Reads a cursor of a request.
  ///
  /// - Parameter name: what the request calls it, for the error: it may have several.
  /// - Throws: `invalid_cursor`.
  package init(wire text: String, _ name: @autoclosure () -> String) throws(EventoError) {
    do throws(EventoError) {
      self = try Cursor(parsing: text)
    } catch {
      guard text == ReadMember.now else { throw .damagedCursor(name()) }
      throw EventoError(
        .invalidCursor,
        "\(name()) can't be now, which goes with the after of a read or a stream alone: send a cursor as an answer gave it."
      )
    }
  }
}

extension Args.Start {
  /// - Parameter name: as above.
  /// - Throws: `invalid_cursor`.
  package init(wire text: String, _ name: @autoclosure () -> String) throws(EventoError) {
    self = text == ReadMember.now ? .now : .after(try Cursor(wire: text, name()))
  }

  /// How a request says it; `nil` for the beginning, which it leaves out.
  package var wire: String? {
    switch self {
    case .beginning: nil
    case .after(let cursor): cursor.description
    case .now: ReadMember.now
    }
  }
}
