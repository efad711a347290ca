import Foundation
import Synchronization

/// Stands before a server on this machine and cuts the first response after some bytes; what comes later passes whole.
final class CuttingProxy: Sendable {
  let server: ScriptedServer
  private let state: Cut

  private final class Cut: Sendable {
    let isDue = Mutex(true)
    /// Whether the cut took something from the response.
    let hasCut = Mutex(false)
  }

  /// Whether the first response lost any of its bytes.
  var hasCut: Bool { state.hasCut.withLock { $0 } }

  init(to port: UInt16, cutAt offset: Int) throws {
    let cut = Cut()
    state = cut
    server = try ScriptedServer { peer in
      guard let upstream = try? Peer.connect(to: port) else { return }
      defer { upstream.end() }
      while let request = peer.readRequest() {
        upstream.write(request.lines.joined(separator: "\r\n") + "\r\n\r\n")
        upstream.write(request.body)
        guard let response = upstream.readResponse() else { return }
        let isDue = cut.isDue.withLock { isDue in
          defer { isDue = false }
          return isDue
        }
        guard isDue, offset < response.count else {
          peer.write(response)
          continue
        }
        cut.hasCut.withLock { $0 = true }
        peer.write(response.prefix(offset))
        return
      }
    }
  }
}
