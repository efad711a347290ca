import Evento
import TestSupport
import Testing

@testable import EventoPostgreSQL

/// Parameters and results in binary format. The server shows what it received as text.
@Suite(.needsPostgreSQL) struct ValueTests {
  /// Returns what the server makes of one parameter.
  private func shown(_ type: ValueType, as name: String, _ parameters: Parameters) async throws -> String? {
    try await withConnection { connection in
      let statement = Statement.once("SELECT $1::\(name)::text", type)
      let row = try connection.run(statement, parameters)
      return row.isNull(0, 0) ? nil : row.text(0, 0)
    }
  }

  @Test func valuesAreSent() async throws {
    let id = try #require(ULID("01ARZ3NDEKTSV4RRFFQ69G5FAV"))
    #expect(try await shown(.int8, as: "int8", [.int8(.min)]) == "-9223372036854775808")
    #expect(try await shown(.int4, as: "int4", [.int4(.max)]) == "2147483647")
    #expect(try await shown(.int2, as: "int2", [.int2(-2)]) == "-2")
    #expect(try await shown(.bool, as: "bool", [.bool(true)]) == "true")
    #expect(try await shown(.text, as: "text", [.text("")]) == "")
    #expect(try await shown(.text, as: "text", [.text("é ' \\ $1 \u{10FFFF}")]) == "é ' \\ $1 \u{10FFFF}")
    #expect(try await shown(.bytea, as: "bytea", [.bytes([])]) == "\\x")
    #expect(try await shown(.bytea, as: "bytea", [.bytes([0, 255, 39])]) == "\\x00ff27")
    #expect(try await shown(.uuid, as: "uuid", [.uuid(id)]) == "01563e3a-b5d3-d676-4c61-efb99302bd5b")
    for type in [ValueType.int8, .text, .bytea, .uuid, .int8Array] {
      #expect(try await shown(type, as: "text", [.null]) == nil)
    }
  }

  @Test func arraysAreSent() async throws {
    func array(of type: ValueType, _ body: (inout ArrayBuilder) -> Void) -> Parameters {
      var parameters = Parameters()
      parameters.array(of: type, body)
      return parameters
    }
    let id = ULID(high: 1, low: 2)
    let int8 = array(of: .int8) {
      $0.int8(1)
      $0.null()
      $0.int8(.min)
    }
    #expect(try await shown(.int8Array, as: "int8[]", int8) == "{1,NULL,-9223372036854775808}")
    let text = array(of: .text) {
      $0.text("")
      $0.text("a,\"{}é")
      $0.null()
      $0.text("NULL")
    }
    #expect(try await shown(.textArray, as: "text[]", text) == #"{"","a,\"{}é",NULL,"NULL"}"#)
    let bytea = array(of: .bytea) {
      $0.bytes([])
      $0.null()
      $0.bytes([0, 1])
    }
    #expect(try await shown(.byteaArray, as: "bytea[]", bytea) == #"{"\\x",NULL,"\\x0001"}"#)
    #expect(
      try await shown(
        .boolArray, as: "bool[]",
        array(of: .bool) {
          $0.bool(false); $0.bool(true)
        }) == "{f,t}")
    #expect(try await shown(.int2Array, as: "int2[]", array(of: .int2) { $0.int2(-1) }) == "{-1}")
    #expect(try await shown(.int4Array, as: "int4[]", [.int4Array([1, -1])]) == "{1,-1}")
    #expect(
      try await shown(.uuidArray, as: "uuid[]", [.uuidArray([id])]) == "{00000000-0000-0001-0000-000000000002}")
    let nulls = array(of: .int4) {
      $0.null()
      $0.null()
    }
    #expect(try await shown(.int4Array, as: "int4[]", nulls) == "{NULL,NULL}")
    for type in [ValueType.int8, .int4, .int2, .text, .bytea, .uuid, .bool] {
      let arrayType = try #require(type.array)
      #expect(try await shown(arrayType, as: "text", array(of: type) { _ in }) == "{}")
    }
  }

  /// In one buffer, each at its own place.
  @Test func manyValuesAreSentTogether() async throws {
    let texts = try await withConnection { connection in
      var parameters = Parameters()
      parameters.text("a")
      parameters.array(of: .int8, 1...1000) { $0.int8($1) }
      parameters.null()
      parameters.array(of: .text, [String]()) { $0.text($1) }
      parameters.bytes(repeatElement(7, count: 3))
      parameters.int8(-1)
      let row = try connection.run(
        .once(
          "SELECT $1, (SELECT sum(n)::int8 FROM unnest($2) n), $3, cardinality($4), $5, $6", .text, .int8Array, .bytea,
          .textArray, .bytea, .int8), parameters)
      return [
        row.text(0, 0), "\(row.integer(0, 1))", "\(row.isNull(0, 2))", "\(row.integer(0, 3))",
        "\(Array(row.bytes(0, 4)))", "\(row.integer(0, 5))",
      ]
    }
    #expect(texts == ["a", "500500", "true", "0", "[7, 7, 7]", "-1"])
  }

  @Test func resultsAreRead() async throws {
    try await withConnection { connection in
      let row = try connection.run(
        .once(
          """
          SELECT (-1)::int2, (-1)::int4, (-1)::int8, true, false, ''::text, 'é'::text, '\\x'::bytea, '\\x00ff'::bytea,
            '00000000-0000-0001-0000-000000000002'::uuid, NULL::int8, NULL::text, NULL::bytea, NULL::bool
          """))
      #expect(row.rowCount == 1 && row.affectedRows == 1)
      #expect((0..<3).map { row.integer(0, $0) } == [-1, -1, -1])
      #expect(row.bool(0, 3) && !row.bool(0, 4))
      #expect(row.text(0, 5) == "" && row.text(0, 6) == "é")
      #expect(row.bytes(0, 7).isEmpty && Array(row.bytes(0, 8)) == [0, 255])
      #expect(row.ulid(0, 9) == ULID(high: 1, low: 2))
      for column in 0..<10 { #expect(!row.isNull(0, column)) }
      for column in 10..<14 { #expect(row.isNull(0, column) && row.bytes(0, column).isEmpty) }
      #expect(row.integer(0, 10) == 0 && row.text(0, 11) == "" && !row.bool(0, 13))
    }
  }

  @Test func affectedRowsAreCounted() async throws {
    let counts = try await withConnection { connection in
      try connection.run(.once("CREATE TEMPORARY TABLE counted (a int)"))
      return [
        try connection.run(.once("INSERT INTO counted SELECT generate_series(1, 5)")).affectedRows,
        try connection.run(.once("UPDATE counted SET a = 0 WHERE a > 3")).affectedRows,
        try connection.run(.once("DELETE FROM counted WHERE a > 3")).affectedRows,
        try connection.run(.once("SET jit = off")).affectedRows,
      ]
    }
    #expect(counts == [5, 2, 0, 0])
  }
}
