internal import Evento
internal import HTTPServer
internal import Synchronization

/// Counts the gateway's work, and collects all metrics for `/metrics`.
///
/// Labels are only route templates, known methods and statuses, and a limited number of subscribers, so that no client
/// can create unlimited series.
final class Metrics: Sendable {
  static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

  /// The labels under which a request is counted.
  struct Label: Hashable {
    let route: String
    let method: String
    let status: Int
  }

  /// A struct around the function: each access to a function within a generic type wraps it once more, and finally a
  /// call takes more stack than a thread has.
  private struct ServerFigures {
    let read: @Sendable () -> ServerStatistics
  }

  /// Upper bounds of the buckets of requests, in seconds.
  private static let bounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

  private let series = Mutex<[Label: Histogram]>([:])
  private let admission: AdmissionControl
  private let hub: FollowerHub
  private let streamLags: StreamLags
  private let store: any CallbackExecutor
  /// True if the store can accept writes.
  private let readiness: CachedReading<Bool>
  private let figures: CachedReading<StoreFigures>
  private let version: String
  private let droppedLogLines: (@Sendable () -> Int)?
  private let startSeconds = ProcessFigures.startSeconds
  private let serverFigures = Mutex<ServerFigures?>(nil)

  init(
    _ configuration: GatewayConfiguration, admission: AdmissionControl, hub: FollowerHub, streamLags: StreamLags,
    store: any CallbackExecutor
  ) {
    self.admission = admission
    self.hub = hub
    self.streamLags = streamLags
    self.store = store
    readiness = CachedReading(keptFor: .seconds(1)) { completion in
      store.checkReadinessWithoutWriting { error in
        guard error != nil else { return completion(true) }
        // An idle store reports its latest failure, which may be over.
        store.checkReadiness { completion($0 == nil) }
      }
    }
    // A store can have any number of subscribers.
    let slowest = configuration.subscriberMetrics
    figures = CachedReading(keptFor: .seconds(60)) { completion in
      store.readFigures(slowest: slowest) { completion(try? $0.get()) }
    }
    version = configuration.version
    droppedLogLines = configuration.droppedLogLines
  }

  /// Adds the server's own metrics.
  func attach(_ statistics: @escaping @Sendable () -> ServerStatistics) {
    serverFigures.withLock { $0 = ServerFigures(read: statistics) }
  }

  func record(_ label: Label, _ duration: Duration) {
    series.withLock { $0[label, default: Histogram(Self.bounds)].add(duration) }
  }

  /// Collects all metrics. The completion is called on a thread that may block, within about two seconds.
  func collect(completion: @escaping @Sendable ([UInt8]) -> Void) {
    readiness.value { [self] isReady in
      figures.value { [self] figures in
        // The text can have thousands of lines.
        LongWork.run { completion(self.text(isReady: isReady ?? false, figures)) }
      }
    }
  }

  private func text(isReady: Bool, _ figures: StoreFigures?) -> [UInt8] {
    var text = PrometheusText()
    text.family("evento_build_info", "gauge", "Always 1. The label version is the version of the gateway.")
    text.sample("evento_build_info", "version", version, "1")
    text.single(
      "evento_ready", "gauge",
      "1 if the store can accept writes, as far as its latest write shows; 0 if not, or if it does not respond within a second.",
      isReady ? 1 : 0)
    text.single(
      "evento_requests_in_flight", "gauge", "Requests that the store is handling.", admission.requestsInFlight)
    text.single(
      "evento_requests_shed_total", "counter",
      "Requests refused because of --max-requests-in-flight, --max-followers or --max-total-filter-bytes.",
      admission.requestsRefused)
    appendFollowers(to: &text)
    if let metrics = store.metrics { append(metrics, to: &text) }
    if let figures { append(figures, to: &text) }
    if let statistics = serverFigures.withLock({ $0 })?.read() { append(statistics, to: &text) }
    if let droppedLogLines {
      text.single(
        "evento_log_lines_dropped_total", "counter", "Lines of the log dropped because they were not read in time.",
        droppedLogLines())
    }
    append(ProcessFigures(), to: &text)
    appendRequests(to: &text)
    return Array(text.text.utf8)
  }

  private func appendFollowers(to text: inout PrometheusText) {
    let lag = streamLags.summary()
    text.single("evento_followers", "gauge", "Streams and waiting reads.", admission.followersWaiting)
    text.single(
      "evento_followers_behind", "gauge",
      "Streams that have had events to send for more than a second, without having reached the end of the log.",
      lag.behind)
    text.single(
      "evento_follower_lag_seconds", "gauge",
      "Longest time for which a stream has had events to send, without having reached the end of the log, in seconds.",
      lag.longest)
    text.single(
      "evento_filter_bytes", "gauge", "Size of the filters of streams and waiting reads, in bytes.", hub.filterCost)
  }

  private func append(_ metrics: StoreMetrics, to text: inout PrometheusText) {
    text.single(
      "evento_writes_waiting", "gauge", "Writes waiting for a commit, or for a check of their condition.",
      metrics.waitingWrites)
    text.single("evento_commits_total", "counter", "Commits. One commit can contain several writes.", metrics.commits)
    for metric in metrics.others {
      switch metric.value {
      case .count(let count): text.single(metric.name, metric.kind.rawValue, metric.help, count)
      case .distribution(let histogram):
        text.family(metric.name, metric.kind.rawValue, metric.help)
        text.histogram(metric.name, "", histogram, bounds: PrometheusText.bounds(of: histogram.bounds))
      }
    }
  }

  private func append(_ figures: StoreFigures, to text: inout PrometheusText) {
    text.single("evento_log_events", "gauge", "Events in the log.", figures.events)
    let subscribers = "evento_subscribers"
    text.family(subscribers, "gauge", "Subscribers.")
    text.sample(subscribers, "state", "enabled", figures.enabledSubscribers.description)
    text.sample(subscribers, "state", "disabled", figures.disabledSubscribers.description)
    text.single(
      "evento_subscribers_unlisted", "gauge",
      "Enabled subscribers without a lag of their own here, because of --max-subscriber-metrics. None is further behind.",
      // The list is read before: a subscriber may have been disabled since.
      max(figures.enabledSubscribers - figures.slowest.count, 0))
    let events = "evento_subscriber_lag_events"
    text.family(events, "gauge", "Events after the position of a subscriber.")
    for lag in figures.slowest { text.sample(events, "subscriber", lag.key, lag.events.description) }
    let seconds = "evento_subscriber_lag_seconds"
    text.family(seconds, "gauge", "Age of the first event after the position of a subscriber, in seconds.")
    let now = Timestamp.now().milliseconds
    for lag in figures.slowest {
      let age = lag.next.map { Double(max(now - $0.milliseconds, 0)) / 1000 } ?? 0
      text.sample(seconds, "subscriber", lag.key, age.description)
    }
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
      "evento_received_bytes_total", "counter", "Bytes received from clients, heads of requests included.",
      statistics.receivedBytes)
    text.single(
      "evento_sent_bytes_total", "counter", "Bytes sent to clients, heads of responses included.", statistics.sentBytes)
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

  private func append(_ figures: ProcessFigures, to text: inout PrometheusText) {
    text.single(
      "process_cpu_seconds_total", "counter", "User and system CPU time of the process, in seconds.",
      figures.processorSeconds)
    if let bytes = figures.residentBytes {
      text.single("process_resident_memory_bytes", "gauge", "Resident memory of the process, in bytes.", bytes)
    }
    if let bytes = figures.virtualBytes {
      text.single("process_virtual_memory_bytes", "gauge", "Virtual memory of the process, in bytes.", bytes)
    }
    if let count = figures.openDescriptors {
      text.single("process_open_fds", "gauge", "Open file descriptors.", count)
    }
    if let limit = figures.descriptorLimit {
      text.single("process_max_fds", "gauge", "Maximum number of open file descriptors.", limit)
    }
    if let startSeconds {
      text.single(
        "process_start_time_seconds", "gauge", "Time when the process started, in seconds since 1970.", startSeconds)
    }
  }

  private func appendRequests(to text: inout PrometheusText) {
    let name = "evento_request_duration_seconds"
    text.family(name, "histogram", "Time from the end of a request's head to its response, in seconds.")
    let all = series.withLock { $0 }
    let bounds = PrometheusText.bounds(of: Self.bounds)
    for label in all.keys.sorted(by: { ($0.route, $0.method, $0.status) < ($1.route, $1.method, $1.status) }) {
      guard let series = all[label] else { continue }
      let labels = "route=\"\(label.route)\",method=\"\(label.method)\",status=\"\(label.status)\""
      text.histogram(name, labels, series, bounds: bounds)
    }
  }
}
