internal import CCurl

/// Header lines in libcurl's form. libcurl reads them during transfers, and neither changes nor frees them
/// (https://curl.se/libcurl/c/CURLOPT_HTTPHEADER.html), so that all transfers of a client share one list.
final class HeaderList {
  private(set) var list: UnsafeMutablePointer<curl_slist>?

  init(_ lines: [String]) throws(TransferFault) {
    for line in lines {
      guard let longer = curl_slist_append(list, line) else {
        throw TransferFault(kind: .hopeless, summary: "out of memory")
      }
      list = longer
    }
  }

  deinit {
    curl_slist_free_all(list)
  }
}
