internal import Evento
internal import Logging

/// The store of a gateway, over HTTP.
///
/// It may be used from any number of tasks at once; they share its connections. All of libcurl runs on two threads of
/// the executor's own, one for calls and one for followers, so nothing here blocks Swift's cooperative pool. Cancelling
/// a task aborts its call, which then throws `unavailable`, as every error here is an `EventoError`: ask
/// `Task.isCancelled`.
///
/// What it throws is what the gateway's own executor threw, code and facts included. Beside that it throws `unavailable`
/// where the gateway can't be reached, does not answer in time, or what answers is no gateway; see ``RetryPolicy`` for
/// what it tries before. `EventoError.isPassing` tells which of these waiting may mend: not a task that is cancelled, an
/// executor that is closed, a certificate that does not hold, an answer that is too large or can't be read. Of a write
/// that ended that way nobody knows whether it was done. Send it again with the same ids to find out: it is never stored
/// twice.
public final class HTTPExecutor: Sendable {
  let gateway: Gateway
  /// For streams, which leave the connections of the calls alone.
  let followers: Gateway
  /// Bytes that a line of a stream may have.
  let lineLimit: AnswerLimit
  let failureLog: FailureLog

  /// Connects to nothing yet: the first call does.
  ///
  /// - Parameter baseURL: where the gateway is, like `http://localhost:8080` or `https://example.org/evento`. A path is
  ///   kept, and what is asked for stands below it.
  /// - Throws: `invalid_request` where the URL or the configuration is not what it must be; `unavailable` where the
  ///   thread can't be started.
  public init(baseURL: String, configuration: HTTPConfiguration = HTTPConfiguration()) throws {
    let options = try configuration.transferOptions()
    lineLimit = configuration.answerLimit
    failureLog = FailureLog(configuration.logger)
    let base: BaseURL
    do {
      base = try BaseURL(baseURL)
    } catch {
      throw EventoError(.invalidRequest, "\(configuration.baseURLSetting) is not a valid URL: \(error.detail).")
    }
    do {
      gateway = Gateway(
        client: try TransferClient(options), base: base, callDeadline: configuration.callDeadline,
        retry: configuration.retry)
      followers = Gateway(
        client: try TransferClient(configuration.streamOptions(options)), base: base,
        callDeadline: configuration.callDeadline, retry: configuration.retry)
    } catch {
      throw EventoError(.unavailable, "No calls can be made: \(error.summary).", cause: error.detail)
    }
  }

  /// Ends the calls that run and closes all connections. Whatever is asked for afterwards is `unavailable`.
  ///
  /// An executor that is let go of closes its connections as well; this one waits for it.
  public func close() async {
    await gateway.client.close()
    await followers.client.close()
  }
}
