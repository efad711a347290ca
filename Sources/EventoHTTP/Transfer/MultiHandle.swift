internal import CCurl

/// libcurl's handle for many transfers at once.
///
/// `@unchecked Sendable`: the thread of the loop is the only one that calls libcurl with it, `curl_multi_wakeup` aside,
/// which may be called from any thread (https://curl.se/libcurl/c/curl_multi_wakeup.html) and is under the lock of the
/// inbox, for as long as the handle is there.
struct MultiHandle: @unchecked Sendable {
  let pointer: UnsafeMutableRawPointer

  init() throws(TransferFault) {
    guard let pointer = curl_multi_init() else { throw TransferFault(kind: .hopeless, summary: "out of memory") }
    self.pointer = pointer
  }

  /// Frees it.
  func free() {
    curl_multi_cleanup(pointer)
  }
}
