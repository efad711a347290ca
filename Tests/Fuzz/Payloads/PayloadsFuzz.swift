/// A payload, decoded as each of many types by `JSONCoder` and by Foundation, and encoded again by both.
func fuzz(_ bytes: [UInt8]) {
  // A long one finds nothing that a short one does not.
  guard bytes.count <= 2000 else { return }
  expectEqual(Shapes.differences(bytes), [], "differences from Foundation")
}
