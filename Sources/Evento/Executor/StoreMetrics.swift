/// The numbers that a store measures about itself, for `/metrics`.
package struct StoreMetrics: Sendable, Equatable {
  /// Writes that wait for a commit, without those of the current commit.
  package var waitingWrites: Int
  /// Commits since the start. One commit can contain several writes.
  package var commits: Int
  /// The metrics that only this kind of store has, in the order in which to show them.
  package var others: [Metric]

  package init(waitingWrites: Int, commits: Int, others: [Metric] = []) {
    self.waitingWrites = waitingWrites
    self.commits = commits
    self.others = others
  }

  /// One metric of Prometheus' text format.
  package struct Metric: Sendable, Equatable {
    package enum Kind: String, Sendable {
      /// A number that can go down.
      case gauge
      /// A number that only grows, from 0 at the start.
      case counter
      /// The value is a ``Histogram``.
      case histogram
    }

    package enum Value: Sendable, Equatable {
      case count(Int)
      case distribution(Histogram)
    }

    /// The whole name, with the unit: `evento_written_bytes_total`.
    package let name: String
    package let kind: Kind
    /// A sentence for people.
    package let help: String
    package let value: Value

    package init(_ name: String, _ kind: Kind, _ help: String, _ value: Value) {
      self.name = name
      self.kind = kind
      self.help = help
      self.value = value
    }
  }
}
