/// Text that is compared byte by byte.
///
/// Swift compares strings by canonical equivalence, so that two spellings of "é" are equal; a store compares names and
/// keys by their UTF-8 bytes. Every dictionary, set or comparison of such text goes through this type.
package struct ExactText: Sendable, Hashable, Comparable {
  package let string: String

  package init(_ string: String) {
    self.string = string
  }

  package static func == (left: ExactText, right: ExactText) -> Bool {
    left.string.utf8.elementsEqual(right.string.utf8)
  }

  package static func < (left: ExactText, right: ExactText) -> Bool {
    left.string.utf8.lexicographicallyPrecedes(right.string.utf8)
  }

  package func hash(into hasher: inout Hasher) {
    var string = string
    string.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}

extension String {
  /// Whether both are the same bytes of UTF-8.
  package func isExactly(_ other: String) -> Bool {
    utf8.elementsEqual(other.utf8)
  }
}

extension Optional<String> {
  /// Whether both are absent, or the same bytes of UTF-8.
  package func isExactly(_ other: String?) -> Bool {
    map(ExactText.init) == other.map(ExactText.init)
  }
}
