/// An executor that tells how its writes fare.
package protocol WriteMeter: Executor {
  var writeFigures: WriteFigures { get }
}

/// How writes fare, at one moment.
package struct WriteFigures: Sendable, Equatable {
  /// Writes that wait for a commit, those of the commit under way not among them.
  package var waiting: Int
  /// Commits since the start, each of one write or many.
  package var commits: Int

  package init(waiting: Int, commits: Int) {
    self.waiting = waiting
    self.commits = commits
  }
}
