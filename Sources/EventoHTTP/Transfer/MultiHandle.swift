internal import CCurl

/// libcurl's handle for many transfers at once.
///
/// `@unchecked Sendable`: only the thread of the loop calls libcurl with it, except for `curl_multi_wakeup`, which may
/// be called from any thread (https://curl.se/libcurl/c/curl_multi_wakeup.html) and is called under the inbox's lock,
/// for as long as the handle exists.
struct MultiHandle: @unchecked Sendable {
  let pointer: UnsafeMutableRawPointer

  init() throws(TransferFault) {
    guard let pointer = curl_multi_init() else { throw TransferFault(kind: .hopeless, summary: "out of memory") }
    self.pointer = pointer
  }

  /// Frees the handle.
  func free() {
    curl_multi_cleanup(pointer)
  }
}
