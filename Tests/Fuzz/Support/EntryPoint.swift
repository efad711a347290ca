/// What libFuzzer calls with each input (https://llvm.org/docs/LibFuzzer.html).
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  // The bytes are libFuzzer's, and good until this returns: they are copied.
  fuzz(Array(UnsafeBufferPointer(start: bytes, count: count)))
  return 0
}

/// Ends the process where something does not hold, so that libFuzzer keeps the input.
func expect(_ condition: Bool, _ message: @autoclosure () -> String) {
  if !condition { fatalError(message()) }
}

/// Ends the process where the two differ.
func expectEqual<Value: Equatable>(_ left: Value, _ right: Value, _ message: @autoclosure () -> String) {
  if left != right { fatalError("\(message()):\n  \(left)\n  \(right)") }
}
