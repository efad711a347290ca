public import ArgumentParser
public import Logging

/// The options of `serve` about its log.
struct LogOptions: ParsableArguments {
  @Option(help: "Least severe level that is logged; debug logs each request.")
  var logLevel = Logger.Level.info

  @Option(help: ArgumentHelp("Format of the log on standard error: text, or json with an object per line."))
  var logFormat = LogFormat.text

  @Flag(help: "Log one line for each request when it ends, at any log level.")
  var accessLog = false

  @Flag(
    help: """
      Add the header traceparent of a write to the metadata of its events, as the member traceparent. Events with an id \
      are left as they are.
      """)
  var traceparentMetadata = false
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
