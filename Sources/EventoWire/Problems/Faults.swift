package import Evento

extension EventoError {
  /// An `invalid_request` that names each fault. There is at least one.
  package static func faults(_ faults: [Fault]) -> EventoError {
    // Where as many have been noted as are, there may be more.
    let atLeast = faults.count == JSONReader.maximumFaults ? "at least " : ""
    let first = faults.first.map { fault in
      switch fault.place {
      case .pointer(let pointer): pointer.isEmpty ? "The body \(fault.detail)." : "\(pointer) \(fault.detail)."
      case .parameter(let name): "\(ParameterReader.label(name)) \(fault.detail)."
      }
    }
    let others =
      faults.count > 1
      ? " There \(faults.count == 2 ? "is 1 more fault" : "are \(atLeast)\(faults.count - 1) more faults"): see errors."
      : ""
    return EventoError(
      .invalidRequest, (first ?? "The request is not what it must be.") + others, facts: .faults(faults))
  }

  /// An `invalid_request` for one query parameter.
  package static func parameter(_ name: String, _ detail: String) -> EventoError {
    .faults([.parameter(name, detail)])
  }
}

extension EventoError.Fault {
  /// A fault of a query parameter, whose name may be the client's own.
  static func parameter(_ name: String, _ detail: String) -> EventoError.Fault {
    EventoError.Fault(.parameter(name.clipped(to: 255)), detail)
  }
}

extension ULID {
  /// What the text form must be.
  package static let rule =
    "must be a ULID: 26 characters of 0-9 and A-Z without I, L, O and U, of which the first is 0 to 7"
}
