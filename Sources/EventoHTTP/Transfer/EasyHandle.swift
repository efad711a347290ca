internal import CCurl

/// One transfer at a time, on a libcurl handle that is reused.
///
/// Common options are set once, when the handle is created, and those of one transfer before each. Used only on the
/// thread of its loop.
final class EasyHandle {
  let easy: UnsafeMutableRawPointer
  private(set) var entry: TransferQueue.Entry?
  private let responseLimit: ResponseLimit
  private let streaming: TransferOptions.Streaming?
  /// libcurl's error message (CURLOPT_ERRORBUFFER), freed after the handle that writes it.
  private let message: UnsafeMutablePointer<CChar>
  /// The header lines of the latest transfer, which libcurl reads during it.
  private var headers: HeaderList?
  private var received = ReceivedResponse(limit: 0)
  private(set) var begin = ContinuousClock.now
  /// The time when a byte of a streamed body last arrived, or was last waited for.
  private(set) var lastActivity = ContinuousClock.now
  /// True if the transfer waits for its reader.
  private(set) var isPaused = false
  /// True if the body goes to the pipe; `nil` before any of it has arrived.
  private var isStreamed: Bool?

  init(_ options: TransferOptions) throws(TransferError) {
    guard let easy = curl_easy_init() else { throw TransferError(kind: .permanent, summary: "out of memory") }
    self.easy = easy
    responseLimit = options.responseLimit
    streaming = options.streaming
    message = .allocate(capacity: Int(CURL_ERROR_SIZE))
    message.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    try EasyOptions(easy).setAll(options)
    try connectCallbacks()
  }

  deinit {
    curl_easy_cleanup(easy)
    message.deallocate()
  }

  /// libcurl gets an unretained pointer to this object. It is valid for as long as libcurl has it: callbacks run only
  /// inside libcurl's functions, and `deinit` frees the handle before the object.
  private func connectCallbacks() throws(TransferError) {
    let context = Unmanaged.passUnretained(self).toOpaque()
    let options = EasyOptions(easy)
    try options.set(CURLOPT_ERRORBUFFER, pointer: message)
    try options.set(CURLOPT_WRITEDATA, pointer: context)
    try options.set(CURLOPT_HEADERDATA, pointer: context)
    try options.set(CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
      guard let bytes, let context else { return 0 }
      // The bytes belong to libcurl until the callback returns: they are copied.
      return Unmanaged<EasyHandle>.fromOpaque(context).takeUnretainedValue()
        .receive(UnsafeRawBufferPointer(start: bytes, count: size * count))
    }
    try options.set(CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
      guard let bytes, let context else { return 0 }
      return Unmanaged<EasyHandle>.fromOpaque(context).takeUnretainedValue()
        .received.readHeader(UnsafeRawBufferPointer(start: bytes, count: size * count)) ? size * count : 0
    }
  }

  /// Receives a piece of the body.
  ///
  /// - Returns: The number of bytes accepted, or a request to pause, after which the same piece comes again:
  ///   https://curl.se/libcurl/c/CURLOPT_WRITEFUNCTION.html
  private func receive(_ bytes: UnsafeRawBufferPointer) -> Int {
    guard let pipe = entry?.transfer.pipe, isResponseStreamed else { return received.append(bytes) ? bytes.count : 0 }
    lastActivity = .now
    if pipe.offer(bytes) { return bytes.count }
    isPaused = true
    return Int(CURL_WRITEFUNC_PAUSE)
  }

  private var isResponseStreamed: Bool {
    if let isStreamed { return isStreamed }
    let isStreamed = status == 200 && streaming.map { contentType.names(mediaType: $0.mediaType) } ?? false
    self.isStreamed = isStreamed
    return isStreamed
  }

  /// Resumes a paused transfer. The held piece comes at once, and may be too much again.
  ///
  /// - Returns: libcurl's result.
  func resume() -> CURLcode {
    isPaused = false
    lastActivity = .now
    return curl_easy_pause(easy, Int32(CURLPAUSE_CONT))
  }

  /// Prepares a transfer.
  func prepare(_ entry: TransferQueue.Entry, headers: HeaderList) throws(TransferError) {
    let request = entry.transfer.request
    let options = EasyOptions(easy)
    message.pointee = 0
    received = ReceivedResponse(limit: responseLimit.bytes)
    begin = .now
    lastActivity = begin
    isStreamed = nil
    try options.set(CURLOPT_URL, request.url)
    try options.set(CURLOPT_HTTPHEADER, list: headers.list)
    self.headers = headers
    if let body = request.body {
      try options.set(CURLOPT_POST, 1)
      try options.set(body: body)
    } else {
      try options.set(CURLOPT_HTTPGET, 1)
    }
    // The method, if the options above don't imply it: https://curl.se/libcurl/c/CURLOPT_CUSTOMREQUEST.html
    let implied: TransferRequest.Method = request.body == nil ? .get : .post
    try options.set(CURLOPT_CUSTOMREQUEST, request.method == implied ? nil : request.method.rawValue)
    try setDeadline(entry.transfer.deadline)
    self.entry = entry
  }

  private func setDeadline(_ deadline: ContinuousClock.Instant?) throws(TransferError) {
    // In whole milliseconds, rounded up. 0 would mean no deadline.
    let left = deadline.map { ContinuousClock.now.duration(to: $0) }
    if let left, left <= .zero { throw .deadline }
    try EasyOptions(easy).set(CURLOPT_TIMEOUT_MS, left?.milliseconds ?? 0)
  }

  /// Ends a transfer, and releases everything that belongs to it.
  func release() -> TransferQueue.Entry? {
    let last = entry
    entry = nil
    received = ReceivedResponse(limit: 0)
    // Frees the copy of the body. Setting nothing can't fail.
    evento_curl_set_size(easy, CURLOPT_POSTFIELDSIZE_LARGE, 0)
    evento_curl_set_bytes(easy, CURLOPT_COPYPOSTFIELDS, nil)
    return last
  }

  /// Returns the result of a transfer that ended with a result code.
  func outcome(of code: CURLcode) -> Result<TransferResponse, TransferError> {
    // Once something has been sent, only the call's deadline can time out. libcurl counts in milliseconds with its own
    // clock, and may be slightly early by ours.
    if let deadline = entry?.transfer.deadline, code == CURLE_OPERATION_TIMEDOUT, wasSent || deadline <= .now {
      var error = abandoned(.deadline)
      error.detail = detail(of: code)
      return .failure(error)
    }
    if received.isHeadTooLarge || isTooLongForLibcurl(code) { return .failure(.headTooLarge) }
    if received.isTooLarge || code == CURLE_FILESIZE_EXCEEDED { return .failure(.tooLarge(responseLimit)) }
    guard code == CURLE_OK else {
      return .failure(
        TransferError(
          kind: code.errorKind(wasSent: wasSent), wasSent: wasSent, summary: summary(of: code), detail: detail(of: code)
        ))
    }
    guard received.isHeadComplete, status >= 200 else {
      // libcurl accepts a head that the end of the connection cut short.
      return .failure(TransferError(kind: .lost, wasSent: true, summary: "the response ended within its head"))
    }
    return .success(
      TransferResponse(status: status, contentType: contentType, retryAfter: retryAfter, body: received.body))
  }

  /// Returns whether a line of the head was longer than libcurl accepts. Before 8.6, that has the code for lack of
  /// memory: https://curl.se/libcurl/c/libcurl-errors.html
  private func isTooLongForLibcurl(_ code: CURLcode) -> Bool {
    let tooLarge: UInt32 = 100
    return (code == CURLE_OUT_OF_MEMORY || code.rawValue == tooLarge) && wasSent && !received.isHeadComplete
  }

  private func summary(of code: CURLcode) -> String {
    // The response does not begin like HTTP/1.1, so libcurl assumes HTTP/0.9.
    code == CURLE_UNSUPPORTED_PROTOCOL && wasSent
      ? "the response is not HTTP" : String(cString: curl_easy_strerror(code))
  }

  /// Returns the error for a running transfer that is abandoned.
  func abandoned(_ error: TransferError) -> TransferError {
    var error = error
    error.wasSent = wasSent
    return error
  }

  private func detail(of code: CURLcode) -> String {
    message.pointee == 0 ? String(cString: curl_easy_strerror(code)) : String(cString: message)
  }

  /// True if any byte of the request was sent.
  private var wasSent: Bool {
    var bytes = 0
    evento_curl_get_long(easy, CURLINFO_REQUEST_SIZE, &bytes)
    return bytes > 0
  }

  private var status: Int {
    var status = 0
    evento_curl_get_long(easy, CURLINFO_RESPONSE_CODE, &status)
    return status
  }

  private var contentType: String {
    var text: UnsafePointer<CChar>?
    evento_curl_get_string(easy, CURLINFO_CONTENT_TYPE, &text)
    // It belongs to libcurl until the next transfer: it is copied.
    return text.map { String(cString: $0) } ?? ""
  }

  private var retryAfter: Duration? {
    var seconds: curl_off_t = 0
    evento_curl_get_size(easy, CURLINFO_RETRY_AFTER, &seconds)
    return seconds > 0 ? .seconds(min(seconds, 1 << 31)) : nil
  }
}
