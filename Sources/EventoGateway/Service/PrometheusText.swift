internal import Evento

/// Text in Prometheus' exposition format:
/// https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
struct PrometheusText {
  private(set) var text = ""

  mutating func family(_ name: String, _ type: String, _ help: String) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
  }

  /// Appends a family of one sample without labels.
  mutating func single(_ name: String, _ type: String, _ help: String, _ value: Int) {
    family(name, type, help)
    line(name, " ", value.description)
  }

  /// Appends a family of one sample without labels.
  mutating func single(_ name: String, _ type: String, _ help: String, _ value: Double) {
    family(name, type, help)
    line(name, " ", value.description)
  }

  mutating func sample(_ name: String, _ label: String, _ labelValue: String, _ value: String) {
    line("\(name){\(label)=\"", Self.escaped(labelValue), "\"} \(value)")
  }

  /// Appends the samples of a histogram.
  ///
  /// - Parameters:
  ///   - labels: The labels that all have, such as `a="b",c="d"`; may be empty.
  ///   - bounds: See ``bounds(of:)``. Made once for all histograms of a family.
  mutating func histogram(_ name: String, _ labels: String, _ histogram: Histogram, bounds: [String]) {
    let bucket = "\(name)_bucket{\(labels)\(labels.isEmpty ? "" : ",")le=\""
    var sum = 0
    for (bound, count) in zip(bounds, histogram.buckets) {
      sum += count
      line(bucket, bound, sum.description)
    }
    let set = labels.isEmpty ? "" : "{\(labels)}"
    line(bucket, "+Inf\"} ", histogram.count.description)
    line(name, "_sum\(set) ", histogram.sum.description)
    line(name, "_count\(set) ", histogram.count.description)
  }

  /// Returns the bounds of a histogram as the end of a list of labels.
  static func bounds(of bounds: [Double]) -> [String] {
    bounds.map { "\($0)\"} " }
  }

  private mutating func line(_ beginning: String, _ middle: String, _ end: String) {
    text += beginning
    text += middle
    text += end
    text += "\n"
  }

  private static func escaped(_ value: String) -> String {
    guard value.utf8.contains(where: { "\\\"\n".utf8.contains($0) }) else { return value }
    var escaped = ""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\\": escaped += "\\\\"
      case "\"": escaped += "\\\""
      case "\n": escaped += "\\n"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}
