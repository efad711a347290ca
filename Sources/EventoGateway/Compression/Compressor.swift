internal import Dispatch
internal import SharedLibrary
internal import Synchronization

/// Compresses bodies, on threads of its own: neither the event loop nor a thread of a store or of the cooperative pool
/// is busy with that.
///
/// A piece refers to nothing before it, so a stream has no state of zlib, which would take 256 KiB: each of the threads
/// has one. The threads are few, so that clients that ask for compression take no more than a share of the processors.
final class Compressor: Sendable {
  /// The reason why there is no compression.
  struct Unavailable: Error {
    let cause: String
  }

  /// A thread with its state.
  ///
  /// `@unchecked Sendable`: the state is only used on the queue.
  private final class Worker: @unchecked Sendable {
    private let queue: DispatchQueue
    private let zlib: Zlib
    private let deflater: Zlib.Deflater

    init(_ label: String, _ zlib: Zlib) throws(Unavailable) {
      guard let deflater = Zlib.Deflater(zlib) else {
        throw Unavailable(cause: "zlib has another interface, or there is too little memory")
      }
      queue = DispatchQueue(label: label)
      self.zlib = zlib
      self.deflater = deflater
    }

    func add(
      _ piece: [UInt8], to member: GzipMember, isLast: Bool,
      completion: @escaping @Sendable ([UInt8], GzipMember) -> Void
    ) {
      queue.async { [self] in
        var member = member
        let bytes = member.add(piece, isLast: isLast, zlib, deflater)
        completion(bytes, member)
      }
    }
  }

  /// For small pieces, which must not wait behind a large page: live events.
  private let short: Worker
  private let long: [Worker]
  private let next = Atomic(0)
  private let zlib: Zlib
  /// The bytes of the bodies and pieces that wait for their compression.
  private let waiting = Atomic(0)

  private static let shortBytes = 16 << 10
  /// The size of what waits from which nothing more is compressed. Compressing takes longer than reading: without a
  /// limit, many pages and steps of streams would wait here.
  private static let waitingLimit = 32 << 20

  /// - Parameter names: The names or paths of zlib.
  init(names: [String]) throws(Unavailable) {
    do throws(SharedLibrary.LoadError) {
      zlib = try Zlib(names: names)
    } catch {
      throw Unavailable(cause: error.description)
    }
    short = try Worker("evento.gateway.compression.short", zlib)
    long = [
      try Worker("evento.gateway.compression.1", zlib), try Worker("evento.gateway.compression.2", zlib),
    ]
  }

  private func worker(for piece: [UInt8]) -> Worker {
    guard piece.count > Self.shortBytes else { return short }
    let turn = UInt(bitPattern: next.wrappingAdd(1, ordering: .relaxed).newValue)
    return long[Int(turn % UInt(long.count))]
  }

  /// Counts bytes that are to be compressed.
  ///
  /// - Returns: False if too many wait.
  private func admits(_ count: Int) -> Bool {
    let isAdmitted = waiting.add(count, ordering: .relaxed).newValue <= max(Self.waitingLimit, count)
    if !isAdmitted { waiting.subtract(count, ordering: .relaxed) }
    return isAdmitted
  }

  /// Compresses a whole body. If too many bytes wait, it is not compressed.
  ///
  /// - Parameter completion: Called with `nil` if it is not compressed, at once or on one of the threads.
  func compress(_ body: [UInt8], completion: @escaping @Sendable ([UInt8]?) -> Void) {
    let count = body.count
    guard admits(count) else { return completion(nil) }
    worker(for: body).add(body, to: GzipMember(), isLast: true) { [self] bytes, _ in
      waiting.subtract(count, ordering: .relaxed)
      completion(bytes)
    }
  }

  /// Compresses a piece of a stream. If too many bytes wait, it becomes a part of the member without being compressed.
  func compress(_ piece: [UInt8], of member: GzipMember, isLast: Bool) async -> ([UInt8], GzipMember) {
    let count = piece.count
    guard admits(count) else {
      var member = member
      let bytes = member.add(piece, isLast: isLast, zlib, nil)
      return (bytes, member)
    }
    return await withCheckedContinuation { continuation in
      worker(for: piece).add(piece, to: member, isLast: isLast) { [self] bytes, member in
        waiting.subtract(count, ordering: .relaxed)
        continuation.resume(returning: (bytes, member))
      }
    }
  }
}
