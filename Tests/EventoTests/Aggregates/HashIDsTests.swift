import Evento
import Testing

@Suite struct HashIDsTests {
  /// Reckoned with another implementation of SHA3-256.
  @Test(arguments: [
    ([], "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a"),
    (["a"], "6fe8dc848775fbae2a7bede2cbbbf1337601698b0dea358ca6a402ff3debdcfb"),
    (["ab", "c"], "d1180c60612725675a8aca41baf38c1c605ad4e56a7d995425e62cd38e95191c"),
    (["a", "bc"], "7bfe78f5d90de64160e90257ccf2ace9c5b83dd762334364cd12ccbd1c48f0b1"),
    ([String(repeating: "x", count: 300)], "e865f0a6f9f1716a949ecd2eb0ad35ca99c95dfc7938f1e4f743723fd6a42196"),
  ])
  func knownHashes(ids: [String], expected: String) {
    #expect(hashIDs(ids) == expected)
  }

  @Test func orderAndBordersCount() {
    #expect(hashIDs(["a", "b"]) != hashIDs(["b", "a"]))
    #expect(hashIDs(["ab"]) != hashIDs(["a", "b"]))
    #expect(hashIDs(["a", ""]) != hashIDs(["a"]))
  }

  @Test func twoSpellingsOfALetterAreTwoIDs() {
    #expect(hashIDs(["\u{E9}"]) != hashIDs(["e\u{301}"]))
  }
}
