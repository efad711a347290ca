/// Ends the process if a call is not what its documentation asks for, and says which: `precondition` keeps its text to
/// itself in a release build.
func requireUse(
  _ isRight: Bool, _ rule: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
) {
  if !isRight { fatalError("Misuse of Evento: \(rule()).", file: file, line: line) }
}
