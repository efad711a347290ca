import Evento
import Foundation
import Testing

@Suite struct JSONCoderTests {
  struct Line: Codable, Equatable {
    var cents: Int
    var share: Double?
    var small: UInt8?
    var text: String?
  }

  struct Order: AggregateEvent {
    typealias Aggregate = Account
    enum Status: String, Codable { case open, paid }

    var lines: [Line]
    var status: Status?
    var rate: Decimal?
    var byName: [String: Line]?
    var at: Date?
    var page: URL?
  }

  /// Decodes as a reader of an event does, and returns the error's text.
  private func failure(_ payload: String) async throws -> String {
    try await withStore { store in
      try await store.write([
        NewEvent(aggregatorType: "bank/Account", aggregatorID: "a", name: "Order", data: Payload(payload))
      ])
      do {
        _ = try await Projection<Account, Int>(initial: 0).on(Order.self) { _, _ in }.load("a", from: store)
        return "nothing was thrown"
      } catch let error as EventoError {
        #expect(error.code == .undecodablePayload)
        return error.detail
      }
    }
  }

  @Test(arguments: [
    (#"{"lines":[{"cents":123.45}]}"#, #"member "lines[0].cents": The number 123.45 does not fit Int."#),
    (
      #"{"lines":[{"cents":1},{"cents":99999999999999999999}]}"#,
      #"member "lines[1].cents": The number 99999999999999999999 does not fit Int."#
    ),
    (#"{"lines":[{"cents":1,"small":300}]}"#, #"member "lines[0].small": The number 300 does not fit UInt8."#),
    (#"{"lines":[{"cents":1,"small":-1}]}"#, #"member "lines[0].small": The number -1 does not fit UInt8."#),
    (#"{"lines":[{"cents":1,"share":1e400}]}"#, #"member "lines[0].share": The number 1e400 does not fit Double."#),
    (#"{"lines":[{"cents":1,"text":"\ud800"}]}"#, #"member "lines[0].text": The string has half of a surrogate pair."#),
    (#"{"lines":[],"byName":{"x":{"cents":0.5}}}"#, #"member "byName.x.cents": The number 0.5 does not fit Int."#),
    (#"{"lines":[{"cents":"1"}]}"#, #"member "lines[0].cents": Expected to decode Int but found a string"#),
    (#"{"lines":[{}]}"#, #"member "lines[0].cents" is missing."#),
    (#"{"lines":null}"#, #"member "lines" is null, but must be Array"#),
    (#"{"lines":[],"status":"lost"}"#, #"member "status": Cannot initialize Status"#),
    (#"{"lines":[],"at":"yesterday"}"#, #"member "at": Expected a date"#),
    (#"{"lines":[],"at":true}"#, #"member "at": Expected a date"#),
    (#"{"lines":[],"page":""}"#, #"member "page": Invalid URL"#),
    (#"{"lines":[]"#, "The payload is not JSON: "),
    ("", "The payload is not JSON: "),
    ("[1]", "Expected to decode Dictionary"),
  ])
  func anErrorNamesTheMemberAndTheReason(_ payload: String, _ reason: String) async throws {
    let text = try await failure(payload)
    #expect(text.contains("can't be decoded as Order: ") && text.contains(reason), "\(text)")
    #expect(!text.contains("not valid JSON"))
  }

  @Test func anErrorDeepInContainersHasItsPath() throws {
    struct Tree: Codable, Equatable {
      var children: [Tree]
      var pairs: [[Int]]
      var by: [Int: Date]
      var bad: Int?
    }
    let text =
      #"{"children":[{"children":[],"pairs":[[1,2],[3,0.5]],"by":{"1":"2026-01-31T12:00:00Z"}}],"pairs":[],"by":{}}"#
    let error = #expect(throws: DecodingError.self) { try JSONCoder().decode(Tree.self, from: Payload(text)) }
    guard case .dataCorrupted(let context) = error else { throw try #require(error) }
    #expect(context.codingPath.map(\.stringValue) == ["children", "Index 0", "pairs", "Index 1", "Index 1"])
  }

  @Test func aValueThatCannotBeEncodedIsNamed() async throws {
    struct Ratio: AggregateEvent {
      typealias Aggregate = Account
      var shares: [Double]
    }
    try await withStore { store in
      do {
        try await Account.create().event(Ratio(shares: [1, .nan])).commit(to: store)
        Issue.record("it was written")
      } catch let error as EventoError {
        #expect(error.code == .unencodablePayload && error.detail.contains(#"member "shares[1]": "#), "\(error)")
      }
    }
  }

  // MARK: Dates

  /// Encodes a second value in the place of another, as no type should.
  struct Careless: Sendable, CustomTestStringConvertible {
    /// Not the argument itself, which Swift Testing would encode with Foundation, to name its case.
    struct Value: Encodable {
      let encode: @Sendable (any Encoder) throws -> Void

      func encode(to encoder: any Encoder) throws { try encode(encoder) }
    }

    let testDescription: String
    let value: Value

    init(_ testDescription: String, _ encode: @escaping @Sendable (any Encoder) throws -> Void) {
      self.testDescription = testDescription
      value = Value(encode: encode)
    }
  }

  @Test(arguments: [
    Careless("two scalars") { encoder in
      var container = encoder.singleValueContainer()
      try container.encode(1)
      try container.encode("two")
    },
    Careless("nil and a scalar") { encoder in
      var container = encoder.singleValueContainer()
      try container.encodeNil()
      try container.encode(1)
    },
    Careless("a scalar and members") { encoder in
      var scalar = encoder.singleValueContainer()
      try scalar.encode(1)
      var members = encoder.container(keyedBy: JSONCoderTests.Key.self)
      try members.encode([2], forKey: .a)
      var elements = members.nestedUnkeyedContainer(forKey: .b)
      try elements.encode(3)
    },
    Careless("elements and members") { encoder in
      var elements = encoder.unkeyedContainer()
      try elements.encode("one")
      var members = encoder.container(keyedBy: JSONCoderTests.Key.self)
      try members.encode(Line(cents: 2), forKey: .a)
      try elements.encode("three")
    },
    Careless("members and a scalar") { encoder in
      var members = encoder.container(keyedBy: JSONCoderTests.Key.self)
      try members.encode(1, forKey: .a)
      var scalar = encoder.singleValueContainer()
      try scalar.encode(2)
    },
  ]) func aSecondValueInOnePlaceIsAnError(_ careless: Careless) throws {
    let value = careless.value
    let error = #expect(throws: EncodingError.self) { try JSONCoder().encode(["good": [value], "other": []]) }
    guard case .invalidValue(_, let context) = error else { return }
    #expect(context.codingPath.map(\.stringValue) == ["good", "Index 0"] && context.codingPath.last?.intValue == 0)
    #expect(context.debugDescription == "A type encodes a second value in the place of this one.")
    // Also outermost, where there is no path, and where the error of an inner value is caught.
    #expect(throws: EncodingError.self) { try JSONCoder().encode(value) }
  }

  enum Key: CodingKey { case a, b }

  private func text(_ date: Date, _ coder: JSONCoder = JSONCoder()) throws -> String {
    try #require(try coder.encode([date]).text)
  }

  @Test(arguments: [
    (0.0, "1970-01-01T00:00:00.000Z"), (1_795_599_885.407, "2026-11-25T09:44:45.407Z"),
    (1_795_599_885.9996, "2026-11-25T09:44:46.000Z"), (951_782_400, "2000-02-29T00:00:00.000Z"),
    (-0.001, "1969-12-31T23:59:59.999Z"), (-2_208_988_800, "1900-01-01T00:00:00.000Z"),
    (-62_135_596_800, "0001-01-01T00:00:00.000Z"), (253_402_300_799.999, "9999-12-31T23:59:59.999Z"),
  ])
  func aDateIsTextInUTC(_ seconds: Double, _ expected: String) throws {
    #expect(try text(Date(timeIntervalSince1970: seconds)) == "[\"\(expected)\"]")
  }

  @Test func everyMillisecondComesBack() throws {
    for millisecond in stride(from: 1_795_599_885_000, to: 1_795_599_887_000, by: 1) {
      let date = Date(timeIntervalSince1970: Double(millisecond) / 1000)
      let payload = try JSONCoder().encode([date])
      #expect(payload.text?.hasSuffix(".\(String(millisecond + 1000).suffix(3))Z\"]") == true)
      let back = try JSONCoder().decode([Date].self, from: payload)
      #expect(back == [date])
    }
  }

  @Test(arguments: [-62_135_596_800.001, 253_402_300_800, .infinity, -.infinity, .nan])
  func aDateOutOfRangeIsRefused(_ seconds: Double) throws {
    #expect(throws: EncodingError.self) { try text(Date(timeIntervalSince1970: seconds)) }
  }

  @Test(arguments: [
    ("2026-11-25T09:44:45.407Z", 1_795_599_885.407), ("2026-11-25T09:44:45Z", 1_795_599_885),
    ("2026-11-25t09:44:45.4z", 1_795_599_885.4), ("2026-11-25T11:44:45.407+02:00", 1_795_599_885.407),
    ("2026-11-25T04:14:45.407-05:30", 1_795_599_885.407), ("1969-12-31T23:59:59.5Z", -0.5),
    ("2026-11-25T09:44:45.407123456Z", 1_795_599_885.407123456), ("2016-12-31T23:59:60Z", 1_483_228_800),
  ])
  func aDateIsReadWithAnyOffset(_ text: String, _ seconds: Double) throws {
    for dates in [JSONCoder.Dates.iso8601, .secondsSince1970, .millisecondsSince1970, .secondsSince2001] {
      let date = try JSONCoder(dates: dates).decode([Date].self, from: Payload("[\"\(text)\"]"))
      #expect(date == [Date(timeIntervalSince1970: seconds)])
    }
  }

  @Test(arguments: [
    "", "2026", "2026-11-25", "2026-11-25T09:44:45", "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z",
    "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
    "2026-01-01T00:00:61Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00ZZ", "2026-01-01T00:00:00+2:00",
    "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+02:60", "+026-01-01T00:00:00Z", "٢٠٢٦-01-01T00:00:00Z",
    "2026-01-01T00:00:00.1", "2026-01-01T00:00:00+02:00x",
  ])
  func textThatIsNoDateIsRefused(_ text: String) {
    #expect(throws: DecodingError.self) { try JSONCoder().decode([Date].self, from: Payload("[\"\(text)\"]")) }
  }

  /// What was written before dates were text.
  @Test func aNumberIsReadAsItWasWritten() throws {
    let date = Date(timeIntervalSinceReferenceDate: 817_292_685.4071)
    #expect(try JSONCoder().decode([Date].self, from: Payload("[817292685.4071]")) == [date])
    #expect(try text(date, JSONCoder(dates: .secondsSince2001)) == "[817292685.4071]")
    #expect(try text(Date(timeIntervalSince1970: 1.5), JSONCoder(dates: .secondsSince1970)) == "[1.5]")
    #expect(try text(Date(timeIntervalSince1970: 1.5), JSONCoder(dates: .millisecondsSince1970)) == "[1500]")
    for dates in [JSONCoder.Dates.secondsSince1970, .millisecondsSince1970, .secondsSince2001] {
      let coder = JSONCoder(dates: dates)
      #expect(try coder.decode([Date].self, from: coder.encode([date])) == [date])
    }
  }

  // MARK: Equal bytes

  /// Its keys are members of an object, which are written in order.
  enum Currency: String, Codable, CodingKeyRepresentable, CaseIterable { case eur, usd, gbp, chf, sek, nok, dkk, jpy }

  struct Ordered: Codable {
    var byName = Dictionary(uniqueKeysWithValues: (0..<50).map { ("name \($0)", $0) })
    var byNumber = Dictionary(uniqueKeysWithValues: (0..<50).map { ($0, ["b": $0, "a": 1]) })
    var byCurrency = Dictionary(uniqueKeysWithValues: Currency.allCases.map { ($0, 1) })
    var sorted = Set((0..<50).map { "element \($0)" }).sorted()
  }

  /// Each process has a hash seed of its own.
  @Test func equalValuesAreEqualBytesInEveryProcess() async throws {
    let expected = try #require(try JSONCoder().encode(Ordered()).text)
    for _ in 0..<3 {
      let result = try await #require(
        processExitsWith: .success, observing: [\.standardOutputContent]
      ) {
        print("<\(try JSONCoder().encode(Ordered()).text ?? "")>")
      }
      #expect(String(decoding: result.standardOutputContent, as: UTF8.self).contains("<\(expected)>"))
    }
  }
}
