internal import ArgumentParser
internal import EventoGateway
internal import HTTPServer

/// The options of `serve` about sockets, proxies and browsers.
struct NetworkOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Path of a Unix socket to listen on as well.", valueName: "path"))
  var unixSocket: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Octal permissions of the Unix socket; clients need write permission. 660 allows its owner and its group.",
      valueName: "octal"))
  var unixSocketMode = FileMode(bits: 0o660)

  @Flag(help: "Listen only on the Unix socket, not on a port.")
  var unixSocketOnly = false

  @Option(help: ArgumentHelp("Path prefix under which the gateway is served, such as /evento.", valueName: "path"))
  var basePath = ""

  @Option(
    help: ArgumentHelp(
      "Origin whose web pages may use the gateway, such as https://app.example.org. Repeatable.",
      valueName: "origin"))
  var allowedOrigin: [String] = []

  @Option(
    help: ArgumentHelp(
      "Host name that clients may use if there are no tokens, besides localhost. Repeatable.",
      valueName: "host"))
  var allowedHost: [String] = []

  @Option(
    help: ArgumentHelp(
      """
      Compression of reads for clients that ask for it: gzip, off, or auto, which is gzip if zlib is installed.
      """, valueName: "coding"))
  var compression = GatewayConfiguration.Compression.auto

  @Option(
    help: ArgumentHelp(
      "Proxy whose headers about the client are trusted: an address, a range such as 10.0.0.0/8, or unix. Repeatable.",
      valueName: "address"))
  var trustedProxy: [String] = []

  func validate() throws {
    try unixSocketMode.check("--unix-socket-mode")
    guard basePath.isEmpty || basePath.hasPrefix("/") && !basePath.hasSuffix("/") else {
      throw ValidationError("--base-path must begin with / and must not end with it, but is \"\(basePath)\".")
    }
    guard unixSocket != nil || !unixSocketOnly else {
      throw ValidationError("--unix-socket-only needs --unix-socket.")
    }
    for origin in allowedOrigin where WebOrigin(origin) == nil {
      throw ValidationError(
        "--allowed-origin must be a scheme and a host, such as https://app.example.org, but is \"\(origin)\"."
      )
    }
    for host in allowedHost where HostName(host) == nil {
      throw ValidationError(
        "--allowed-host must be a name or an address without a port, such as store.example.org, but is \"\(host)\"."
      )
    }
    for address in trustedProxy where AddressRange(address) == nil {
      throw ValidationError(
        "--trusted-proxy must be an address, a range such as 10.0.0.0/8, or unix, but is \"\(address)\".")
    }
  }
}

extension GatewayConfiguration.Compression: ExpressibleByArgument {}
