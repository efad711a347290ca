/// The result of a verification: what a store has, and what is wrong with it.
package struct Verification: Sendable, Equatable {
  package var events = 0
  /// The bytes of payloads and metadata.
  package var bytes = 0
  /// The digest of the whole log (``LogDigest``); empty if not all of it could be read.
  package var digest: [UInt8] = []
  /// The findings, one sentence each, at most ``maximumFindings``.
  package private(set) var findings: [String] = []
  /// The number of all findings.
  package private(set) var findingCount = 0

  package static let maximumFindings = 20

  package init() {}

  package var isSound: Bool { findingCount == 0 }

  package mutating func report(_ finding: String) {
    findingCount += 1
    if findings.count < Self.maximumFindings { findings.append(finding) }
  }
}
