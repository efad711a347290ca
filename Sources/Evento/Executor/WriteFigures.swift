/// How writes fare, at one moment.
package struct WriteFigures: Sendable, Equatable {
  /// Writes that wait for a commit, those of the commit under way not among them.
  package var waiting: Int
  /// Commits since the start, each of one write or many.
  package var commits: Int

  /// Bytes of the write-ahead log, which is committed and not yet in the database file.
  package var logBytes = 0
  /// How often that log has been moved into the database file since the start, how long that took, and how often it failed.
  package var checkpoints = 0
  package var checkpointTime = Duration.zero
  package var checkpointFailures = 0

  package init(
    waiting: Int, commits: Int, checkpoints: Int = 0, checkpointTime: Duration = .zero, checkpointFailures: Int = 0
  ) {
    self.waiting = waiting
    self.commits = commits
    self.checkpoints = checkpoints
    self.checkpointTime = checkpointTime
    self.checkpointFailures = checkpointFailures
  }
}
