import Evento
import EventoWire
import Foundation
import TestSupport
import Testing

/// `docs/http-api.md` lists every route and code, and its links and citations resolve. `ReadmeTests` runs its examples.
@Suite struct ReferenceTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
    .standardizedFileURL

  private static func text(_ file: String) throws -> String {
    try String(contentsOf: root.appending(path: file), encoding: .utf8)
  }

  @Test func listsEveryRouteAndNoOther() async throws {
    let table = try Self.text("docs/http-api.md").components(separatedBy: "\n## ")[0]
    let listed = table.matches(of: /`([A-Z]+ \/[^` ]*)`/).map { String($0.output.1) }
    #expect(try await servedOperations() == Set(listed))
  }

  @Test func listsEveryCodeWithItsStatus() throws {
    let section = try #require(
      try Self.text("docs/http-api.md").components(separatedBy: "\n### ").first { $0.hasPrefix("10.2 ") })
    let rows = section.matches(of: /\n\| ([0-9]{3}) \| (`[^|]*`) \|/)
    let listed = rows.flatMap { row in
      row.output.2.matches(of: /`([a-z_]+)`/).map { "\(row.output.1) \($0.output.1)" }
    }
    let document = try APIDocument().text
    let codes = try #require(document.firstMatch(of: /\n        code:\n[^\[]*?enum:\n((?: +- [a-z_]+\n)+)/))
    let known = codes.output.1.matches(of: /- ([a-z_]+)/).map { String($0.output.1) }
    #expect(known.count > 20)
    #expect(Set(listed.map { String($0.split(separator: " ")[1]) }) == Set(known))
    for entry in listed {
      let parts = entry.split(separator: " ")
      #expect(EventoError.Code(rawValue: String(parts[1])).status == Int(parts[0]), "\(entry)")
    }
  }

  /// Links within it and to the other documents, and comments that cite its sections.
  @Test func hasEverySectionThatIsCited() throws {
    let text = try Self.text("docs/http-api.md")
    let numbers = Set(text.matches(of: /\n#+ ([0-9]+(?:\.[0-9]+)?)\.?[ ]/).map { String($0.output.1) })
    #expect(numbers.count > 40)
    for link in text.matches(of: /\]\(([a-zA-Z.\/-]*)#([a-z0-9-]+)\)/) {
      let file = link.output.1.isEmpty ? "http-api.md" : String(link.output.1)
      let target = try Self.text("docs/" + file)
      #expect(Self.anchors(target).contains(String(link.output.2)), "\(link.output.0)")
    }
    var citations = 0
    for folder in ["Sources", "Tests", "Benchmarks", "Scripts"] {
      let paths = try #require(FileManager.default.enumerator(atPath: Self.root.appending(path: folder).path))
      for case let path as String in paths where [".swift", ".py", ".sh"].contains(where: path.hasSuffix) {
        guard !path.hasPrefix(".build"), !path.contains("/.build/") else { continue }
        for citation in try Self.text("\(folder)/\(path)").matches(of: /http-api\.md §([0-9]+(\.[0-9]+)?)/) {
          citations += 1
          #expect(numbers.contains(String(citation.output.1)), "\(path): \(citation.output.0)")
        }
      }
    }
    #expect(citations > 20)
  }

  /// The threat model cites a suite by its name, and then functions of it.
  @Test func hasEveryTestThatTheThreatModelCites() throws {
    var suites: [String: String] = [:]
    let paths = try #require(FileManager.default.enumerator(atPath: Self.root.appending(path: "Tests").path))
    for case let path as String in paths where path.hasSuffix("Tests.swift") && !path.contains("/.build/") {
      let text = try Self.text("Tests/\(path)")
      for suite in text.matches(of: /struct (\w+Tests)\b/) { suites[String(suite.output.1), default: ""] += text }
    }
    var citations = 0
    for row in try Self.text("docs/threat-model.md").split(separator: "\n") where row.hasPrefix("| ") {
      var suite: String?
      for code in row.split(separator: "|").last?.matches(of: /`([^`]+)`/) ?? [] {
        let name = String(code.output.1.split(separator: "/").last ?? "")
        if name.hasSuffix("Tests"), name.first?.isUppercase == true {
          suite = name
          let isTarget = FileManager.default.fileExists(atPath: Self.root.appending(path: "Tests/\(name)").path)
          #expect(suites[name] != nil || isTarget, "\(name)")
        } else if let suite, name.wholeMatch(of: /[a-z][A-Za-z0-9]+/) != nil {
          citations += 1
          #expect(suites[suite]?.contains("func \(name)(") == true, "\(suite) \(name)")
        }
      }
    }
    #expect(citations > 50)
  }

  /// As GitHub makes them of headings.
  private static func anchors(_ text: String) -> Set<String> {
    Set(
      text.matches(of: /\n#+ (.*)/).map { heading in
        heading.output.1.lowercased().filter { $0.isLetter || $0.isNumber || $0 == " " || $0 == "-" }
          .replacing(" ", with: "-")
      })
  }
}
