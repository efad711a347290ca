internal import Evento
internal import HTTPServer
internal import Synchronization

/// Counts the gateway's work, for `/metrics` in Prometheus' text format.
///
/// Labels are only route templates, known methods and statuses, so that no client can create unlimited series.
final class Metrics: Sendable {
  static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

  /// The labels under which a request is counted.
  struct Label: Hashable {
    let route: String
    let method: String
    let status: Int
  }

  private struct Series {
    var buckets = [Int](repeating: 0, count: Metrics.bounds.count)
    var count = 0
    var seconds = 0.0

    mutating func add(_ duration: Double) {
      count += 1
      seconds += duration
      if let bucket = Metrics.bounds.firstIndex(where: { duration <= $0 }) { buckets[bucket] += 1 }
    }
  }

  /// A struct around the function: each access to a function within a generic type wraps it once more, and finally a
  /// call takes more stack than a thread has.
  private struct ServerFigures {
    let read: @Sendable () -> ServerStatistics
  }

  /// Upper bounds of the buckets, in seconds.
  private static let bounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

  /// The bounds as the end of a list of labels.
  private static let boundTexts = bounds.map { "\($0)\"} " }

  private let series = Mutex<[Label: Series]>([:])
  private let admission: AdmissionControl
  private let hub: FollowerHub
  private let store: any CallbackExecutor
  private let version: String
  private let serverFigures = Mutex<ServerFigures?>(nil)

  init(_ admission: AdmissionControl, _ hub: FollowerHub, _ store: any CallbackExecutor, version: String) {
    self.admission = admission
    self.hub = hub
    self.store = store
    self.version = version
  }

  /// Adds the server's own metrics.
  func attach(_ statistics: @escaping @Sendable () -> ServerStatistics) {
    serverFigures.withLock { $0 = ServerFigures(read: statistics) }
  }

  func record(_ label: Label, _ duration: Duration) {
    let seconds = duration / .seconds(1)
    series.withLock { $0[label, default: Series()].add(seconds) }
  }

  func text() -> [UInt8] {
    var text = PrometheusText()
    text.family("evento_build_info", "gauge", "Always 1. The label version is the version of the gateway.")
    text.sample("evento_build_info", [("version", version)], "1")
    text.single(
      "evento_requests_in_flight", "gauge", "Requests that the store is handling.", admission.requestsInFlight)
    text.single("evento_followers", "gauge", "Streams and waiting reads.", admission.followersWaiting)
    text.single(
      "evento_filter_bytes", "gauge", "Size of the filters of streams and waiting reads, in bytes.", hub.filterCost)
    text.single(
      "evento_requests_shed_total", "counter",
      "Requests refused because of --max-requests-in-flight, --max-followers or --max-total-filter-bytes.",
      admission.requestsRefused)
    if let metrics = store.metrics {
      text.single(
        "evento_writes_waiting", "gauge", "Writes waiting for a commit, or for a check of their condition.",
        metrics.waitingWrites)
      text.single("evento_commits_total", "counter", "Commits. One commit can contain several writes.", metrics.commits)
      for metric in metrics.others {
        text.family(metric.name, metric.kind.rawValue, metric.help)
        text.sample(metric.name, [], metric.value.text)
      }
    }
    if let statistics = serverFigures.withLock({ $0 })?.read() { append(statistics, to: &text) }
    appendRequests(to: &text)
    return Array(text.text.utf8)
  }

  private func append(_ statistics: ServerStatistics, to text: inout PrometheusText) {
    text.single("evento_connections_open", "gauge", "Open connections.", statistics.openConnections)
    text.single(
      "evento_connections_accepted_total", "counter", "Accepted connections, including those refused afterwards.",
      statistics.acceptedConnections)
    text.single(
      "evento_connections_refused_total", "counter", "Connections refused because there were too many.",
      statistics.refusedConnections)
    text.single(
      "evento_connections_evicted_total", "counter", "Connections closed to free memory for other responses.",
      statistics.evictions)
    text.single(
      "evento_timeouts_total", "counter",
      "Connections closed and requests abandoned at a deadline, including idle connections.",
      statistics.timeouts)
    text.single(
      "evento_protocol_errors_total", "counter",
      "Requests and connections refused before routing: not HTTP, over a limit, or too slow.",
      statistics.protocolErrors)
    text.single(
      "evento_accept_failures_total", "counter", "Connections not accepted because no file descriptor was free.",
      statistics.acceptFailures)
  }

  private func appendRequests(to text: inout PrometheusText) {
    let name = "evento_request_duration_seconds"
    text.family(name, "histogram", "Time from the end of a request's head to its response, in seconds.")
    let all = series.withLock { $0 }
    for label in all.keys.sorted(by: { ($0.route, $0.method, $0.status) < ($1.route, $1.method, $1.status) }) {
      guard let series = all[label] else { continue }
      // Built once for all lines of the series: there can be a hundred series of 17 lines.
      let labels = "route=\"\(label.route)\",method=\"\(label.method)\",status=\"\(label.status)\""
      let bucket = "\(name)_bucket{\(labels),le=\""
      var sum = 0
      for (bound, count) in zip(Self.boundTexts, series.buckets) {
        sum += count
        text.line(bucket, bound, sum.description)
      }
      text.line(bucket, "+Inf\"} ", series.count.description)
      text.line(name, "_sum{\(labels)} ", series.seconds.description)
      text.line(name, "_count{\(labels)} ", series.count.description)
    }
  }
}

extension StoreMetrics.Metric.Value {
  /// The number, of seconds for a duration.
  fileprivate var text: String {
    switch self {
    case .count(let count): count.description
    case .duration(let duration): (duration / .seconds(1)).description
    }
  }
}

/// Text in Prometheus' exposition format.
private struct PrometheusText {
  private(set) var text = ""

  mutating func family(_ name: String, _ type: String, _ help: String) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
  }

  mutating func single(_ name: String, _ type: String, _ help: String, _ value: Int) {
    family(name, type, help)
    sample(name, [], value.description)
  }

  /// Appends a line of three parts.
  mutating func line(_ beginning: String, _ end: String, _ value: String) {
    text += beginning
    text += end
    text += value
    text += "\n"
  }

  /// Appends a sample. Label values are the gateway's own words, so they need no escapes.
  mutating func sample(_ name: String, _ labels: [(String, String)], _ value: String) {
    let list = labels.map { "\($0)=\"\($1)\"" }.joined(separator: ",")
    text += list.isEmpty ? "\(name) \(value)\n" : "\(name){\(list)} \(value)\n"
  }
}
