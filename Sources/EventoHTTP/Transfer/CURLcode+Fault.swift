internal import CCurl

extension CURLcode {
  /// Returns the kind of error, for the decision about a retry: https://curl.se/libcurl/c/libcurl-errors.html
  func faultKind(wasSent: Bool) -> TransferFault.Kind {
    switch self {
    case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_SSL_CACERT_BADFILE,
      CURLE_SSL_ISSUER_ERROR, CURLE_SSL_CRL_BADFILE, CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_INVALIDCERTSTATUS,
      CURLE_SSL_CLIENTCERT, CURLE_SSL_ENGINE_NOTFOUND, CURLE_SSL_ENGINE_SETFAILED, CURLE_OUT_OF_MEMORY,
      CURLE_URL_MALFORMAT, CURLE_NOT_BUILT_IN, CURLE_BAD_FUNCTION_ARGUMENT, CURLE_FAILED_INIT,
      CURLE_UNKNOWN_OPTION, CURLE_BAD_CONTENT_ENCODING, CURLE_UNSUPPORTED_PROTOCOL:
      .hopeless
    default:
      wasSent ? .lost : .unreachable
    }
  }
}

extension Duration {
  /// The duration in whole milliseconds, rounded up, limited to 31 bits.
  var milliseconds: Int {
    let (seconds, attoseconds) = components
    guard seconds < 2_000_000 else { return 2_000_000_000 }
    guard seconds > -2_000_000 else { return -2_000_000_000 }
    let (whole, rest) = attoseconds.quotientAndRemainder(dividingBy: 1_000_000_000_000_000)
    return Int(seconds * 1000 + whole) + (rest > 0 ? 1 : 0)
  }
}
