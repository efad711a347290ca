internal import CCurl
internal import EventoWire

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// Runs the transfers of a client, all of them on one thread: https://curl.se/libcurl/c/libcurl-multi.html
///
/// At most as many run at a time as there may be connections. Further calls wait in a queue, first come, first served.
/// Further streams are refused, because a running one may have no end.
final class TransferLoop {
  private let multi: MultiHandle
  let options: TransferOptions
  private let queue: TransferQueue
  private let headerLines: [String]
  private let headers: HeaderList
  private let headersWithBody: HeaderList
  private(set) var waiting = PendingQueue()
  private(set) var busy: [UnsafeMutableRawPointer: EasyHandle] = [:]
  /// No stream can have stalled before this time.
  var nextStallCheck: ContinuousClock.Instant?
  private var idle: [EasyHandle] = []

  /// - Parameter multi: Owned by the loop once it runs.
  init(multi: MultiHandle, options: TransferOptions, queue: TransferQueue) throws(TransferError) {
    self.multi = multi
    self.options = options
    self.queue = queue
    headerLines = ["Accept: \(options.accept)"] + options.headers
    headers = try HeaderList(headerLines)
    headersWithBody = try HeaderList(headerLines + TransferOptions.bodyHeaders)
    let connections = Int(clamping: options.connections)
    for option in [CURLMOPT_MAXCONNECTS, CURLMOPT_MAX_TOTAL_CONNECTIONS] {
      guard evento_curl_multi_set_long(multi.pointer, option, connections) == CURLM_OK else {
        throw TransferError(kind: .permanent, summary: "libcurl refuses \(connections) connections")
      }
    }
  }

  /// Blocks until the client is closed.
  func run() {
    var mail = queue.take()
    while !mail.isClosing {
      // Those that have ended leave their connections to others.
      if mail.hasCancellations { dropCancelled() }
      for entry in mail.entries { enqueue(entry) }
      if mail.hasRoom { resumePaused() }
      dropExpired()
      if let streaming = options.streaming { dropStalled(streaming) }
      startWaiting()
      advance()
      mail = queue.take()
    }
    end(mail)
  }

  /// Lets libcurl work; if there is nothing to do, waits.
  private func advance() {
    var running: Int32 = 0
    var code = curl_multi_perform(multi.pointer, &running)
    let hasFinished = finishTransfers()
    if code == CURLM_OK, !(hasFinished && !waiting.isEmpty) {
      code = curl_multi_poll(multi.pointer, nil, 0, timeout, nil)
    }
    if code != CURLM_OK {
      // Only out of memory, or a misuse of the interface. No task may keep waiting for a response that can't come.
      let error = TransferError(
        kind: .lost, wasSent: true, summary: "libcurl failed", detail: String(cString: curl_multi_strerror(code)))
      for handle in Array(busy.values) { finish(handle, .failure(error)) }
      // A permanent error must not use a whole core. This thread may wait.
      usleep(10_000)
    }
  }

  /// The maximum time to wait, in milliseconds: until the first deadline in the queue, or the next check of streams.
  /// libcurl tracks the deadlines of running transfers.
  private var timeout: Int32 {
    let instants = [waiting.nextDeadline, nextStallCheck]
    guard let deadline = instants.lazy.compactMap({ $0 }).min() else { return Self.longestWait }
    return Int32(clamping: min(max(0, ContinuousClock.now.duration(to: deadline).milliseconds), Int(Self.longestWait)))
  }

  private static let longestWait: Int32 = 3_600_000

  // MARK: Starting

  /// Adds a transfer to the queue. Its task may have been cancelled before it was added, and the notification have
  /// arrived first.
  private func enqueue(_ entry: TransferQueue.Entry) {
    if entry.transfer.isCancelled {
      entry.finish(.failure(.cancelled))
    } else if options.streaming != nil, busy.count + waiting.count >= options.connections {
      entry.finish(.failure(.tooManyStreams(options.connections)))
    } else {
      waiting.append(entry)
    }
  }

  private func startWaiting() {
    while busy.count < options.connections, let entry = waiting.popFirst() {
      guard !entry.transfer.isCancelled else {
        entry.finish(.failure(.cancelled))
        continue
      }
      do throws(TransferError) {
        try start(entry)
      } catch {
        entry.finish(.failure(error))
      }
    }
  }

  private func start(_ entry: TransferQueue.Entry) throws(TransferError) {
    let handle = if let handle = idle.popLast() { handle } else { try EasyHandle(options) }
    // A handle that throws is half prepared, and not used again.
    try handle.prepare(entry, headers: try headers(of: entry.transfer.request))
    guard curl_multi_add_handle(multi.pointer, handle.easy) == CURLM_OK else {
      throw TransferError(kind: .permanent, summary: "libcurl accepts no more transfers")
    }
    busy[handle.easy] = handle
    if nextStallCheck == nil { nextStallCheck = options.streaming.map { handle.begin + $0.stallTimeout } }
  }

  private func headers(of request: TransferRequest) throws(TransferError) -> HeaderList {
    guard let trace = request.traceParent else { return request.body == nil ? headers : headersWithBody }
    let lines = headerLines + (request.body == nil ? [] : TransferOptions.bodyHeaders)
    return try HeaderList(lines + ["\(TraceParent.field): \(trace.text)"])
  }

  // MARK: Ending

  private func finishTransfers() -> Bool {
    var hasFinished = false
    var left: Int32 = 0
    while let message = curl_multi_info_read(multi.pointer, &left) {
      guard message.pointee.msg == CURLMSG_DONE, let handle = busy[message.pointee.easy_handle] else { continue }
      // Copied: the message is invalid once its handle is removed.
      let result = evento_curl_result(message)
      finish(handle, handle.outcome(of: result))
      hasFinished = true
    }
    return hasFinished
  }

  /// Removes a transfer, which closes its connection unless it is complete, and resumes its task.
  func finish(_ handle: EasyHandle, _ result: Result<TransferResponse, TransferError>) {
    busy[handle.easy] = nil
    let isRemoved = curl_multi_remove_handle(multi.pointer, handle.easy) == CURLM_OK
    let entry = handle.release()
    // The next transfer must not inherit libcurl's pause state.
    if isRemoved, !handle.isPaused { idle.append(handle) }
    entry?.finish(result)
  }

  private func dropCancelled() {
    for entry in waiting.remove(where: { $0.transfer.isCancelled }) {
      entry.finish(.failure(.cancelled))
    }
    for handle in Array(busy.values) where handle.entry?.transfer.isCancelled ?? false {
      finish(handle, .failure(handle.abandoned(.cancelled)))
    }
  }

  private func dropExpired() {
    let now = ContinuousClock.now
    guard let next = waiting.nextDeadline, next <= now else { return }
    for entry in waiting.remove(where: { $0.transfer.deadline.map { $0 <= now } ?? false }) {
      entry.finish(.failure(.deadline))
    }
  }

  /// Ends all transfers. Connections are closed when this returns.
  private func end(_ mail: TransferQueue.Mail) {
    let last = queue.end()
    for entry in waiting.remove(where: { _ in true }) + mail.entries + last.entries {
      entry.finish(.failure(.closed))
    }
    for handle in Array(busy.values) { finish(handle, .failure(handle.abandoned(.closed))) }
    // In this order: https://curl.se/libcurl/c/curl_multi_cleanup.html
    idle.removeAll()
    multi.free()
    for continuation in mail.closing + last.closing { continuation.resume() }
  }
}

/// The operations of streams: pause and resume, and end stalled ones.
extension TransferLoop {
  /// Resumes the streams whose readers have made room.
  func resumePaused() {
    for handle in Array(busy.values) where handle.isPaused && handle.entry?.transfer.pipe?.hasRoom ?? false {
      let code = handle.resume()
      if code != CURLE_OK { finish(handle, handle.outcome(of: code)) }
    }
  }

  /// Ends stalled streams, if it is time to check. libcurl can do this (CURLOPT_LOW_SPEED_TIME), but by an average over
  /// some seconds, in which a heartbeat is next to nothing.
  func dropStalled(_ streaming: TransferOptions.Streaming) {
    let now = ContinuousClock.now
    guard let check = nextStallCheck, check <= now else { return }
    var oldestActivity: ContinuousClock.Instant?
    for handle in Array(busy.values) {
      // A paused stream waits for its reader, not for the gateway.
      let lastActivity = handle.isPaused ? now : handle.lastActivity
      if lastActivity + streaming.stallTimeout <= now {
        finish(handle, .failure(.stalled(streaming.stallTimeout)))
      } else {
        oldestActivity = min(oldestActivity ?? lastActivity, lastActivity)
      }
    }
    nextStallCheck = oldestActivity.map { $0 + streaming.stallTimeout }
  }
}

/// libcurl's handle for many transfers at once.
///
/// `@unchecked Sendable`: only the thread of the loop calls libcurl with it, except for `curl_multi_wakeup`, which may
/// be called from any thread (https://curl.se/libcurl/c/curl_multi_wakeup.html) and is called under the queue's lock,
/// for as long as the handle exists.
struct MultiHandle: @unchecked Sendable {
  let pointer: UnsafeMutableRawPointer

  init() throws(TransferError) {
    guard let pointer = curl_multi_init() else { throw TransferError(kind: .permanent, summary: "out of memory") }
    self.pointer = pointer
  }

  /// Frees the handle.
  func free() {
    curl_multi_cleanup(pointer)
  }
}
