package import Evento

extension Cursor {
  /// Parses a cursor in a request.
  ///
  /// - Parameter name: The name of the cursor's field, for errors.
  /// - Throws: `invalid_cursor`.
  package init(wire text: String, _ name: @autoclosure () -> String) throws(EventoError) {
    do throws(EventoError) {
      self = try Cursor(parsing: text)
    } catch {
      guard text == ReadMember.now else { throw .damagedCursor(name()) }
      throw EventoError(
        .invalidCursor,
        "\(name()) can't be \"now\": only \"after\" of a read or a stream can. Pass a cursor exactly as the server returned it."
      )
    }
  }
}

extension Args.Start {
  /// Parses the start of a read in a request.
  ///
  /// - Parameter name: The name of its field, for errors.
  /// - Throws: `invalid_cursor`.
  package init(wire text: String, _ name: @autoclosure () -> String) throws(EventoError) {
    self = text == ReadMember.now ? .now : .after(try Cursor(wire: text, name()))
  }

  /// The value in a request; `nil` for the beginning, which is left out.
  package var wire: String? {
    switch self {
    case .beginning: nil
    case .after(let cursor): cursor.description
    case .now: ReadMember.now
    }
  }
}
