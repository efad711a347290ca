internal import Evento
internal import SharedLibrary

/// The functions of libpq, PostgreSQL's client library: https://www.postgresql.org/docs/15/libpq.html
///
/// The library is loaded when a store on PostgreSQL is first opened. So the build does not need its headers, and a
/// program that only uses SQLite does not need the library.
///
/// `@unchecked Sendable`: it holds only the constant addresses of functions, which Swift does not consider `Sendable`.
final class LibPQ: @unchecked Sendable {
  /// `PGconn *`
  typealias ConnectionHandle = OpaquePointer
  /// `PGresult *`
  typealias ResultHandle = OpaquePointer
  typealias Text = UnsafePointer<CChar>
  typealias Texts = UnsafePointer<UnsafePointer<CChar>?>
  typealias Integers = UnsafePointer<Int32>

  // MARK: Connecting

  let conninfoParse:
    @convention(c) (Text, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> UnsafeMutableRawPointer?
  let conninfoFree: @convention(c) (UnsafeMutableRawPointer?) -> Void
  let connectStartParams: @convention(c) (Texts, Texts, Int32) -> ConnectionHandle?
  let connectPoll: @convention(c) (ConnectionHandle) -> Int32
  let finish: @convention(c) (ConnectionHandle) -> Void

  // MARK: The state of a connection

  let status: @convention(c) (ConnectionHandle) -> Int32
  let transactionStatus: @convention(c) (ConnectionHandle) -> Int32
  let socket: @convention(c) (ConnectionHandle) -> Int32
  let host: @convention(c) (ConnectionHandle) -> Text?
  let port: @convention(c) (ConnectionHandle) -> Text?
  let errorMessage: @convention(c) (ConnectionHandle) -> Text?
  let serverVersion: @convention(c) (ConnectionHandle) -> Int32
  let setNonblocking: @convention(c) (ConnectionHandle, Int32) -> Int32
  let setErrorVerbosity: @convention(c) (ConnectionHandle, Int32) -> Int32
  let setNoticeReceiver:
    @convention(c) (
      ConnectionHandle, @convention(c) (UnsafeMutableRawPointer?, ResultHandle?) -> Void, UnsafeMutableRawPointer?
    ) -> OpaquePointer?

  // MARK: Sending

  let sendPrepare: @convention(c) (ConnectionHandle, Text, Text, Int32, UnsafePointer<UInt32>?) -> Int32
  let sendQueryParams:
    @convention(c) (
      ConnectionHandle, Text, Int32, UnsafePointer<UInt32>?, Texts?, Integers?, Integers?, Int32
    ) -> Int32
  let sendQueryPrepared: @convention(c) (ConnectionHandle, Text, Int32, Texts?, Integers?, Integers?, Int32) -> Int32
  let enterPipelineMode: @convention(c) (ConnectionHandle) -> Int32
  let exitPipelineMode: @convention(c) (ConnectionHandle) -> Int32
  let pipelineSync: @convention(c) (ConnectionHandle) -> Int32
  let flush: @convention(c) (ConnectionHandle) -> Int32

  // MARK: Receiving

  let consumeInput: @convention(c) (ConnectionHandle) -> Int32
  let isBusy: @convention(c) (ConnectionHandle) -> Int32
  let getResult: @convention(c) (ConnectionHandle) -> ResultHandle?
  let notifies: @convention(c) (ConnectionHandle) -> UnsafeMutableRawPointer?
  let freemem: @convention(c) (UnsafeMutableRawPointer?) -> Void

  // MARK: Results

  let resultStatus: @convention(c) (ResultHandle?) -> Int32
  let resultErrorField: @convention(c) (ResultHandle?, Int32) -> Text?
  let rowCount: @convention(c) (ResultHandle) -> Int32
  let columnCount: @convention(c) (ResultHandle) -> Int32
  let value: @convention(c) (ResultHandle, Int32, Int32) -> Text?
  let length: @convention(c) (ResultHandle, Int32, Int32) -> Int32
  let isNull: @convention(c) (ResultHandle, Int32, Int32) -> Int32
  let affectedRows: @convention(c) (ResultHandle) -> Text?
  let clear: @convention(c) (ResultHandle?) -> Void

  /// Loads a library.
  ///
  /// - Parameter names: The names or paths to try, in this order.
  /// - Throws: `unavailable` if none of them can be loaded, or the library is older than version 14, the first one with
  ///   pipelines.
  init(names: [String]) throws(EventoError) {
    let library = try ClientLibrary(names: names)
    conninfoParse = try library.function("PQconninfoParse")
    conninfoFree = try library.function("PQconninfoFree")
    connectStartParams = try library.function("PQconnectStartParams")
    connectPoll = try library.function("PQconnectPoll")
    finish = try library.function("PQfinish")
    status = try library.function("PQstatus")
    transactionStatus = try library.function("PQtransactionStatus")
    socket = try library.function("PQsocket")
    host = try library.function("PQhost")
    port = try library.function("PQport")
    errorMessage = try library.function("PQerrorMessage")
    serverVersion = try library.function("PQserverVersion")
    setNonblocking = try library.function("PQsetnonblocking")
    setErrorVerbosity = try library.function("PQsetErrorVerbosity")
    setNoticeReceiver = try library.function("PQsetNoticeReceiver")
    sendPrepare = try library.function("PQsendPrepare")
    sendQueryParams = try library.function("PQsendQueryParams")
    sendQueryPrepared = try library.function("PQsendQueryPrepared")
    enterPipelineMode = try library.function("PQenterPipelineMode")
    exitPipelineMode = try library.function("PQexitPipelineMode")
    pipelineSync = try library.function("PQpipelineSync")
    flush = try library.function("PQflush")
    consumeInput = try library.function("PQconsumeInput")
    isBusy = try library.function("PQisBusy")
    getResult = try library.function("PQgetResult")
    notifies = try library.function("PQnotifies")
    freemem = try library.function("PQfreemem")
    resultStatus = try library.function("PQresultStatus")
    resultErrorField = try library.function("PQresultErrorField")
    rowCount = try library.function("PQntuples")
    columnCount = try library.function("PQnfields")
    value = try library.function("PQgetvalue")
    length = try library.function("PQgetlength")
    isNull = try library.function("PQgetisnull")
    affectedRows = try library.function("PQcmdTuples")
    clear = try library.function("PQclear")
  }

  /// Returns the library, which the first call loads.
  static func load() throws(EventoError) -> LibPQ {
    try shared.get()
  }

  private static let shared = Result { () throws(EventoError) in try LibPQ(names: names) }

  /// The number 5 is that of the interface, which has been the same since PostgreSQL 8.
  private static var names: [String] {
    #if canImport(Darwin)
      [
        "libpq.5.dylib", "/opt/homebrew/opt/libpq/lib/libpq.5.dylib", "/usr/local/opt/libpq/lib/libpq.5.dylib",
      ]
    #else
      ["libpq.so.5"]
    #endif
  }
}

/// The library, with errors that say what to install.
private struct ClientLibrary {
  private let library: SharedLibrary

  init(names: [String]) throws(EventoError) {
    do throws(SharedLibrary.LoadError) {
      library = try SharedLibrary(names: names)
    } catch {
      throw EventoError(
        .unavailable, "PostgreSQL's client library libpq is missing. \(Self.advice)", cause: error.description,
        isTransient: false)
    }
  }

  /// - Parameter name: A function whose type in C is that of the result.
  func function<Function>(_ name: String) throws(EventoError) -> Function {
    do throws(SharedLibrary.LoadError) {
      return try library.function(name)
    } catch {
      throw EventoError(
        .unavailable, "PostgreSQL's client library libpq is older than version 14. \(Self.advice)",
        cause: error.description, isTransient: false)
    }
  }

  private static var advice: String {
    #if canImport(Darwin)
      "Install it with \"brew install libpq\"."
    #else
      "Install the package libpq5 (Debian, Ubuntu), libpq (Alpine, Fedora) or postgresql-libs (Arch), version 14 or later."
    #endif
  }
}

// MARK: The constants of libpq-fe.h that are used

extension LibPQ {
  enum ConnectionStatus {
    static let ok: Int32 = 0
    static let bad: Int32 = 1
  }

  /// `PostgresPollingStatusType`
  enum Polling {
    static let failed: Int32 = 0
    static let reading: Int32 = 1
    static let writing: Int32 = 2
    static let ok: Int32 = 3
  }

  /// `ExecStatusType`
  enum ResultStatus {
    static let commandOK: Int32 = 1
    static let rowsOK: Int32 = 2
    static let fatalError: Int32 = 7
    static let pipelineSync: Int32 = 10
  }

  /// `PGTransactionStatusType`
  enum TransactionStatus {
    static let idle: Int32 = 0
  }

  /// `PGVerbosity`
  enum Verbosity {
    static let verbose: Int32 = 2
  }

  /// The fields of an error: https://www.postgresql.org/docs/15/protocol-error-fields.html
  enum ErrorField {
    /// The severity in English, whatever the server's language.
    static let severity = Int32(UInt8(ascii: "V"))
    static let sqlstate = Int32(UInt8(ascii: "C"))
    static let message = Int32(UInt8(ascii: "M"))
    static let detail = Int32(UInt8(ascii: "D"))
    static let constraint = Int32(UInt8(ascii: "n"))
  }

  /// The text of a connection's last error, without a line break at its end.
  func lastError(of connection: ConnectionHandle) -> String {
    let text = errorMessage(connection).map { String(cString: $0) } ?? ""
    let lines = text.split(separator: "\n")
    return lines.isEmpty ? "the server closed the connection" : lines.joined(separator: " ")
  }

  func text(_ field: Int32, of result: ResultHandle?) -> String? {
    resultErrorField(result, field).map { String(cString: $0) }
  }
}
