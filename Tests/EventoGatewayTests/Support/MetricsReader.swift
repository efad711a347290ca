import TestSupport
import Testing

/// The samples of a scrape, by their name and labels as they are written.
struct Scrape {
  let text: String
  private let samples: [String: Double]

  init(_ text: String) throws {
    self.text = text
    var samples: [String: Double] = [:]
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      // A label's value may have blanks, a number has none.
      let blank = try #require(line.lastIndex(of: " "))
      let name = String(line[..<blank])
      try #require(samples[name] == nil, "\(name) comes twice")
      guard let value = Double(line[line.index(after: blank)...]) else {
        throw RawConnection.Failure(description: "no number in \(line)")
      }
      samples[name] = value
    }
    self.samples = samples
  }

  subscript(_ sample: String) -> Double? { samples[sample] }

  /// The counts of a histogram's buckets, by their bounds in ascending order; the last one is all.
  func buckets(_ name: String) -> [(bound: Double, count: Double)] {
    samples.compactMap { sample, value in
      sample.wholeMatch(of: /([a-z_]+)_bucket\{le="([^"]+)"\}/).flatMap { match in
        guard match.output.1 == name else { return nil }
        return (match.output.2 == "+Inf" ? .infinity : Double(match.output.2) ?? .nan, value)
      }
    }.sorted { $0.bound < $1.bound }
  }
}

extension HTTPClient {
  func scrape() async throws -> Scrape {
    let response = try await send("GET", "/metrics")
    #expect(response.status == 200)
    return try Scrape(response.text)
  }

  /// Scrapes until a condition holds.
  @discardableResult
  func scrape(until isEnough: (Scrape) -> Bool) async throws -> Scrape {
    while true {
      let scrape = try await scrape()
      if isEnough(scrape) { return scrape }
      try await Task.sleep(for: .milliseconds(10))
    }
  }
}
