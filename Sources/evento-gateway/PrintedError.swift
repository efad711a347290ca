internal import ByteCoding
internal import Evento

/// An error of a command's work as text for a person, without its code. Text from a gateway or a file is escaped.
struct PrintedError: Error, CustomStringConvertible {
  let description: String

  init(_ error: any Error) {
    description = PrintableText.escaped((error as? EventoError)?.detail ?? "\(error)")
  }
}
