internal import ArgumentParser

/// A file's permissions, as `chmod` has them in digits.
struct FileMode: ExpressibleByArgument {
  let bits: UInt16

  init(bits: UInt16) {
    self.bits = bits
  }

  init?(argument: String) {
    guard (3...4).contains(argument.utf8.count), argument.utf8.allSatisfy({ (0x30...0x37).contains($0) }),
      let bits = UInt16(argument, radix: 8), bits <= 0o777
    else { return nil }
    self.bits = bits
  }

  var defaultValueDescription: String { String(bits, radix: 8) }
}
