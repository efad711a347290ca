/// The current state of writing.
package struct WriteFigures: Sendable, Equatable {
  /// Writes that wait for a commit, without those of the current commit.
  package var waiting: Int
  /// Commits since the start. One commit can contain several writes.
  package var commits: Int

  /// Bytes of the write-ahead log: committed data that is not yet in the database file.
  package var logBytes = 0
  /// The number of times that the log has been moved into the database file since the start, the time that took, and
  /// the number of failed attempts.
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
