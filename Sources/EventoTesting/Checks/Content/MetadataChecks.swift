internal import Evento

extension ConformanceCheck {
  static let metadataChecks: [ConformanceCheck] = [
    metadataCheck(
      "metadata keep their text",
      [
        "{}", #"{"requested_by":"ada","requested_as":"admin"}"#, #"{"b":1,"a":2}"#, #"{"n":1.10,"m":1E2}"#,
        #"{"big":1234567890123456789012345678901234567890}"#, #"{"":null," ":[true,false]}"#,
        #"{"a":{"b":{"c":[{},[],""]}}}"#,
      ]),
    metadataCheck(
      "escapes in metadata stay as they are",
      [
        #"{"e":"\u00e9","\u0066":1}"#, #"{"s":"\ud800","\udc00":0}"#, #"{"a":"\/\b\f\n\r\t\"\\\u0000"}"#,
        "{\"é\":\"e\u{301}\",\"e\u{301}\":\"é\"}", "{\"x\":\"\u{7F}\u{2028}😀\"}",
      ]),
    metadataCheck(
      "white space in metadata stays",
      ["{ }", "{\t\"a\" : 1 }", "{\n  \"a\": [1, 2]\r\n}", "{\"a\":\r\n\"b\"}"]),

    ConformanceCheck("absent metadata are {}", .content) { context in
      try await context.executor.writeWhole([
        .sample(), .sample(metadata: Metadata()), .sample(metadata: try Metadata(json: "\n{}\n")),
      ])
      try requireTexts(
        try await context.executor.log().map(\.node.metadata.json), ["{}", "{}", "{}"], "metadata in the log")
    },

    ConformanceCheck("metadata can be nested 128 deep", .content) { context in
      let text = "{\"a\":" + String(repeating: "[", count: 127) + String(repeating: "]", count: 127) + "}"
      try await context.executor.writeWhole([.sample(metadata: try Metadata(json: text))])
      try requireTexts(try await context.executor.log().map(\.node.metadata.json), [text], "metadata in the log")
    },

    ConformanceCheck("metadata of 64 KiB are kept whole", .content) { context in
      let text = #"{"a":""# + String(repeating: "x", count: Metadata.defaultLimit - 8) + #""}"#
      try requireEqual(text.utf8.count, Metadata.defaultLimit, "bytes of the metadata")
      try await context.executor.writeWhole([.sample(metadata: try Metadata(json: text)), .sample()])
      try requireTexts(
        try await context.executor.log().map(\.node.metadata.json), [text, "{}"], "metadata in the log")
    },
  ]

  /// A check that some metadata come back as they were written.
  private static func metadataCheck(_ name: String, _ texts: [String]) -> ConformanceCheck {
    ConformanceCheck(name, .content) { context in
      try await context.executor.writeWhole(try texts.map { .sample(metadata: try Metadata(json: $0)) })
      let log = try await context.executor.log()
      try requireTexts(log.map(\.node.metadata.json), texts, "metadata in the log")
      let backward = try await context.executor.logBackward(pageOf: 2)
      try requireTexts(backward.map(\.node.metadata.json), texts, "metadata, read backward")
    }
  }
}
