internal import CCurl

/// Sets options of a handle. Each can fail: too little memory, or a libcurl built without the feature.
struct EasyOptions {
  private let easy: UnsafeMutableRawPointer

  init(_ easy: UnsafeMutableRawPointer) {
    self.easy = easy
  }

  /// Sets the options common to all transfers.
  func setAll(_ options: TransferOptions) throws(TransferError) {
    // No signals for timeouts, because there are other threads: https://curl.se/libcurl/c/threadsafe.html
    try set(CURLOPT_NOSIGNAL, 1)
    try check(evento_curl_do_not_wait_for_lookups(easy))
    try check(evento_curl_allow_http_and_https(easy))
    try set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
    // The gateway never redirects (docs/http-api.md §12.6), so the token is sent only to the gateway.
    try set(CURLOPT_FOLLOWLOCATION, 0)
    // A name may be "..": the path is sent unchanged.
    try set(CURLOPT_PATH_AS_IS, 1)
    try set(CURLOPT_TCP_KEEPALIVE, 1)
    try set(CURLOPT_CONNECTTIMEOUT_MS, max(1, options.connectDeadline.milliseconds))
    try set(CURLOPT_USERAGENT, options.userAgent)
    // If a stream is paused, libcurl keeps what it has decompressed of one read: 16 KiB on the wire, so at most 16 MiB
    // (https://curl.se/libcurl/c/curl_easy_pause.html).
    if options.acceptsCompression, evento_curl_can_decompress() { try set(CURLOPT_ACCEPT_ENCODING, "gzip") }
    if options.streaming == nil {
      try set(CURLOPT_MAXFILESIZE_LARGE, size: options.responseLimit.bytes)
    } else {
      // A stream that ends leaves no connection behind: the gateway is stopping then, and the next stream may be much
      // later.
      try set(CURLOPT_FORBID_REUSE, 1)
    }
    try setRoute(options)
    try setTLS(options)
  }

  private func setRoute(_ options: TransferOptions) throws(TransferError) {
    // A proxy's response to CONNECT is not the head of the gateway's response.
    try set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
    if let path = options.unixSocket {
      try set(CURLOPT_UNIX_SOCKET_PATH, path)
      try set(CURLOPT_PROXY, "")
    } else if let proxy = options.proxy {
      // An empty value overrides the environment: https://curl.se/libcurl/c/CURLOPT_PROXY.html
      try set(CURLOPT_PROXY, proxy)
    }
  }

  private func setTLS(_ options: TransferOptions) throws(TransferError) {
    try set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
    if let file = options.caFile { try set(CURLOPT_CAINFO, file) }
    if let file = options.certificateFile { try set(CURLOPT_SSLCERT, file) }
    if let file = options.keyFile { try set(CURLOPT_SSLKEY, file) }
  }

  // MARK: One option

  func set(_ option: CURLoption, _ value: Int) throws(TransferError) {
    try check(evento_curl_set_long(easy, option, value))
  }

  func set(_ option: CURLoption, size: Int) throws(TransferError) {
    try check(evento_curl_set_size(easy, option, curl_off_t(size)))
  }

  /// libcurl copies the text.
  func set(_ option: CURLoption, _ text: String?) throws(TransferError) {
    try check(evento_curl_set_string(easy, option, text))
  }

  func set(_ option: CURLoption, pointer: UnsafeMutableRawPointer) throws(TransferError) {
    try check(evento_curl_set_pointer(easy, option, pointer))
  }

  func set(_ option: CURLoption, list: UnsafeMutablePointer<curl_slist>?) throws(TransferError) {
    try check(evento_curl_set_list(easy, option, list))
  }

  func set(_ option: CURLoption, _ callback: @escaping evento_curl_receive) throws(TransferError) {
    try check(evento_curl_set_receive(easy, option, callback))
  }

  /// Sets the body. libcurl copies it, so that nothing here must outlive the call. The size comes first:
  /// https://curl.se/libcurl/c/CURLOPT_COPYPOSTFIELDS.html
  func set(body: [UInt8]) throws(TransferError) {
    try set(CURLOPT_POSTFIELDSIZE_LARGE, size: body.count)
    try check(body.withUnsafeBytes { evento_curl_set_bytes(easy, CURLOPT_COPYPOSTFIELDS, $0.baseAddress) })
  }

  private func check(_ code: CURLcode) throws(TransferError) {
    guard code == CURLE_OK else {
      throw TransferError(kind: .permanent, summary: String(cString: curl_easy_strerror(code)))
    }
  }
}

/// Header lines in libcurl's form. libcurl reads them during transfers, and neither changes nor frees them
/// (https://curl.se/libcurl/c/CURLOPT_HTTPHEADER.html), so that the transfers of a client
/// share a list, unless one has a trace context.
final class HeaderList {
  private(set) var list: UnsafeMutablePointer<curl_slist>?

  init(_ lines: [String]) throws(TransferError) {
    for line in lines {
      guard let longer = curl_slist_append(list, line) else {
        throw TransferError(kind: .permanent, summary: "out of memory")
      }
      list = longer
    }
  }

  deinit {
    curl_slist_free_all(list)
  }
}
