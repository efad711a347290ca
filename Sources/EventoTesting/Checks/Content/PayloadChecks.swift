internal import Evento

extension ConformanceCheck {
  static let payloadChecks: [ConformanceCheck] = [
    payloadCheck(
      "numbers in a payload keep their digits",
      [
        "1.10", "1E2", "1e+2", "-0", "0.0", "1234567890123456789012345678901234567890", "-1e-400", "1e400",
        "0.1000000000000000055511151231257827", #"{"n":[1.10,1E2,9007199254740993]}"#,
      ]),
    payloadCheck(
      "members of a payload keep their order, and repeated ones stay",
      [
        #"{"b":1,"a":2,"c":3}"#, #"{"a":1,"a":2}"#, #"{"a":{"a":1,"a":1},"a":[]}"#, #"{"":0," ":1}"#,
        #"{"id":1,"version":2,"data":3}"#,
      ]),
    payloadCheck(
      "escapes and lone surrogates in a payload stay as they are",
      [
        #""\u0041\/\b\f\n\r\t\"\\""#, #""\ud800""#, #""\uDFFF\uD800""#, #""\ud83d\ude00""#, #""\u0000""#,
        #"{"\ud800":"\udc00"}"#, "\"/\u{7F}\u{80}\u{2028}é😀\"", #""e\u0301""#, "\"e\u{301}\"",
      ]),
    payloadCheck(
      "white space in a payload and around it stays",
      [
        "{ \"a\" : [ 1 , 2 ] }", "{\"a\":\t1}", "[1,\n2]", "{\r\n}", "[\r1]", " 1", "1 ", "\n{}", "{}\n", " ", "\r\n",
        "\t\"a\"",
      ]),
    payloadCheck(
      "every kind of JSON value is a payload",
      ["null", "true", "false", "0", "\"\"", "[]", "{}", "[null]", "[[],{}]", "\"text\"", "-1.5e-7"]),
    payloadCheck(
      "a payload that is nearly JSON is kept as bytes",
      [
        "{", "}", "[1,]", "01", "+1", "1.", ".5", "NaN", "'a'", "{\"a\":1}{\"b\":2}", "\"a", "\"\\x\"", "\"\\u12\"",
        "tru", "\u{FEFF}1", "1 2", "\"\t\"", "<xml/>", "a=1&b=2",
      ]),

    ConformanceCheck("a payload can be any bytes", .content) { context in
      var random = SeededGenerator(seed: 3)
      let all = (0...255).map { UInt8($0) }
      let payloads: [[UInt8]] =
        [
          [0], [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0x22, 0xFF, 0x22], [0xEF, 0xBB, 0xBF], all, all.reversed(),
        ]
        + all.map { [$0] } + (1...40).map { length in (0..<length).map { _ in .random(in: 0...255, using: &random) } }
      try await requireKept(payloads, on: context.executor)
    },

    ConformanceCheck("an empty payload is kept", .content) { context in
      let events = [
        NewEvent.sample(data: Payload()), .sample(data: Payload("")), .sample(data: Payload("null")),
        .sample(data: Payload(#""""#)),
      ]
      try await context.executor.writeWhole(events)
      let log = try await context.executor.log()
      try requireEqual(log.map(\.node.data.bytes.count), [0, 0, 4, 2], "bytes of payloads")
      try requireEqual(log.map(\.node.data), events.map(\.data), "payloads in the log")
    },

    ConformanceCheck("a payload nested 128 deep is kept, and a deeper one too, as bytes", .content) { context in
      let payloads = [127, 128, 129, 1000].flatMap { depth in
        [
          String(repeating: "[", count: depth) + String(repeating: "]", count: depth),
          String(repeating: "{\"a\":", count: depth) + "1" + String(repeating: "}", count: depth),
        ]
      }
      try await requireKept(payloads.map { Array($0.utf8) }, on: context.executor)
    },

    ConformanceCheck("large payloads are kept whole", .content) { context in
      var random = SeededGenerator(seed: 5)
      let binary = (0..<250_000).flatMap { _ in withUnsafeBytes(of: random.next()) { Array($0) } }
      let text = Array("\"\(String(repeating: "é\\u0000x", count: 200_000))\"".utf8)
      let sizes = [4095, 4096, 4097, 65_535, 65_536, 65_537, 1_048_576]
      try await requireKept([binary, text] + sizes.map { Array(binary.prefix($0)) }, on: context.executor)
    },

    ConformanceCheck("payloads larger than a page come in several pages", .content) { context in
      let executor = context.executor
      for number in 0..<9 {
        let data = Payload([UInt8](repeating: UInt8(number), count: 1 << 20))
        try await executor.writeWhole([.sample("big", "N\(number)", data: data)])
      }
      let forward = try await executor.log(pageOf: 65535)
      try requireTexts(forward.map(\.node.name), (0..<9).map { "N\($0)" }, "names, read forward")
      try requireEqual(forward.map { $0.node.data.bytes.first }, (0..<9).map { UInt8($0) }, "bytes, read forward")
      let backward = try await executor.logBackward(pageOf: 65535)
      try requireEqual(backward.ids, forward.ids, "events, read backward")
    },
  ]

  /// A check that some texts come back as they were written.
  private static func payloadCheck(_ name: String, _ texts: [String]) -> ConformanceCheck {
    ConformanceCheck(name, .content) { context in
      try await requireKept(texts.map { Array($0.utf8) }, on: context.executor)
    }
  }

  /// Writes payloads, and requires them back unchanged: one by one and together, forward and backward.
  private static func requireKept(
    _ payloads: [[UInt8]], on executor: any Executor, fileID: String = #fileID, line: Int = #line
  ) async throws {
    try await executor.writeWhole(payloads.map { .sample(data: Payload($0)) })
    let log = try await executor.log()
    try requireEqual(log.count, payloads.count, "events in the log", fileID: fileID, line: line)
    for (edge, bytes) in zip(log, payloads) {
      try requireSame(edge.node.data, bytes, fileID: fileID, line: line)
    }
    let backward = try await executor.logBackward(pageOf: 7)
    try requireEqual(backward.map(\.node), log.map(\.node), "events, read backward", fileID: fileID, line: line)
    let single = try await executor.writeWhole([.sample("single", data: Payload(payloads[0]))]).events[0]
    if await Capability.eventLookup.isOffered(by: executor) {
      let edge = try requireValue(try await executor.event(single.id), "an event by its id", fileID: fileID, line: line)
      try requireSame(edge.node.data, payloads[0], fileID: fileID, line: line)
    }
  }

  /// Requires a payload to have these bytes, and the right value of `isJSON`.
  static func requireSame(
    _ payload: Payload, _ bytes: [UInt8], fileID: String = #fileID, line: Int = #line
  ) throws(ConformanceFailure) {
    let text = String(decoding: bytes.prefix(200), as: UTF8.self).debugDescription
    try require(
      payload.bytes == bytes, "the payload \(text) (\(bytes.count) bytes) came back as other bytes", fileID: fileID,
      line: line)
    try requireEqual(
      payload.isJSON, Payload(bytes).isJSON, "whether the payload \(text) is JSON", fileID: fileID, line: line)
  }
}
