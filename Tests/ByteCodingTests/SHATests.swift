import ByteCoding
import Testing

@Suite struct SHA256Tests {
  /// The examples of FIPS 180-4's authors, and each length at which the padding changes its shape.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (String(repeating: "a", count: 55), "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"),
    (String(repeating: "a", count: 56), "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"),
    (String(repeating: "a", count: 63), "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34"),
    (String(repeating: "a", count: 64), "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"),
    (String(repeating: "a", count: 119), "31eba51c313a5c08226adf18d4a359cfdfd8d2e816b13f4af952f7ea6584dcfb"),
    (
      String(repeating: "a", count: 1000),
      "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3"
    ),
  ])
  func digests(_ message: String, _ hexadecimal: String) {
    #expect(Hex.encode(SHA256.digest(Array(message.utf8))) == hexadecimal)
  }
}

@Suite struct SHA256StreamTests {
  /// In parts of every size, with each length of what is left for the next one.
  @Test func isTheSameInParts() {
    let message = (0..<1000).map { UInt8(truncatingIfNeeded: $0 * 7) }
    let expected = SHA256.digest(message)
    for size in [1, 3, 63, 64, 65, 127, 128, 200, 999] {
      var hash = SHA256()
      for start in stride(from: 0, to: message.count, by: size) {
        message[start..<min(start + size, message.count)].withUnsafeBytes { hash.update($0) }
      }
      #expect(hash.finalize() == expected, "\(size)")
    }
  }
}

@Suite struct SHA3Tests {
  /// The example of FIPS 202's authors, and each length at which the padding changes its shape.
  @Test(arguments: [
    ("", "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a"),
    ("abc", "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"),
    (String(repeating: "a", count: 135), "8094bb53c44cfb1e67b7c30447f9a1c33696d2463ecc1d9c92538913392843c9"),
    (String(repeating: "a", count: 136), "3fc5559f14db8e453a0a3091edbd2bc25e11528d81c66fa570a4efdcc2695ee1"),
    (String(repeating: "a", count: 137), "f8d6846cedd2ccfadf15c5879ef95af724d799eed7391fb1c91f95344e738614"),
    (String(repeating: "a", count: 1000), "8f3934e6f7a15698fe0f396b95d8c4440929a8fa6eae140171c068b4549fbf81"),
  ])
  func digests(_ message: String, _ hexadecimal: String) {
    var hash = SHA3()
    hash.update(message.utf8)
    #expect(Hex.encode(hash.finalize()) == hexadecimal)
  }
}
