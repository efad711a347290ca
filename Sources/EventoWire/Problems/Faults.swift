package import Evento

extension EventoError {
  /// Returns an `invalid_request` for at least one error in the request.
  package static func faults(_ faults: [Fault]) -> EventoError {
    // If the maximum was recorded, there may be more.
    let atLeast = faults.count == JSONReader.maximumFaults ? "at least " : ""
    let first = faults.first.map { fault in
      switch fault.place {
      case .pointer(let pointer): pointer.isEmpty ? "The body \(fault.detail)." : "\(pointer) \(fault.detail)."
      case .parameter(let name): "\(ParameterReader.label(name)) \(fault.detail)."
      }
    }
    let others =
      faults.count > 1
      ? " See errors for \(atLeast)\(faults.count - 1) more."
      : ""
    return EventoError(
      .invalidRequest, (first ?? "The request is invalid.") + others, facts: .faults(faults))
  }

  /// Returns an `invalid_request` for one query parameter.
  package static func parameter(_ name: String, _ detail: String) -> EventoError {
    .faults([.parameter(name, detail)])
  }
}

extension EventoError.Fault {
  /// Returns an error of a query parameter, whose name may be the client's.
  static func parameter(_ name: String, _ detail: String) -> EventoError.Fault {
    EventoError.Fault(.parameter(name.clipped(to: 255)), detail)
  }
}

extension ULID {
  /// The error text for a malformed identifier.
  package static let rule =
    "must be a ULID: 26 characters of 0-9 and A-Z without I, L, O and U, the first one 0 to 7"
}
