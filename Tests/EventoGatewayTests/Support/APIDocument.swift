import Foundation
import TestSupport
import Testing
import Yams

/// `openapi.yaml`, as a client generator would read it.
struct APIDocument {
  let text: String
  private let root: JSONValue

  struct Operation {
    let id: String
    let method: String
    /// With the names of parameters in it, e.g. `/events/{id}`.
    let path: String
    fileprivate let value: JSONValue
    fileprivate let parameters: [JSONValue]
  }

  struct Response {
    /// None where it has no body.
    let mediaTypes: Set<String>
    let examples: [String: JSONValue]
  }

  init() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../openapi.yaml")
    text = try String(contentsOf: file, encoding: .utf8)
    root = Self.value(try #require(try Yams.load(yaml: text)))
  }

  private static func value(_ node: Any) -> JSONValue {
    switch node {
    case let members as [AnyHashable: Any]:
      .object(Dictionary(uniqueKeysWithValues: members.map { ("\($0.key.base)", value($0.value)) }))
    case let elements as [Any]: .array(elements.map(value))
    case let flag as Bool: .bool(flag)
    case let number as Int: .number(Double(number))
    case let number as Double: .number(number)
    case let text as String: .string(text)
    default: .null
    }
  }

  /// What a `$ref` stands for, or the value itself.
  private func resolved(_ value: JSONValue?) -> JSONValue? {
    guard let reference = value?["$ref"]?.string else { return value }
    return reference.split(separator: "/").dropFirst().reduce(Optional(root)) { $0?[String($1)] }
  }

  var operations: [Operation] {
    let methods = ["get", "put", "post", "delete", "patch", "head", "options", "trace"]
    guard case .object(let paths) = root["paths"] else { return [] }
    return paths.flatMap { path, item in
      methods.compactMap { method in
        guard let value = item[method] else { return nil }
        let parameters = (item["parameters"]?.array ?? []) + (value["parameters"]?.array ?? [])
        return Operation(
          id: value["operationId"]?.string ?? "", method: method.uppercased(), path: path, value: value,
          parameters: parameters.compactMap(resolved))
      }
    }
  }

  /// The path and query that the parameters' examples make.
  func exampleTarget(_ operation: Operation) throws -> String {
    var allowed = CharacterSet.alphanumerics
    allowed.insert(charactersIn: "-_.")
    var (path, query) = (operation.path, [String]())
    for parameter in operation.parameters {
      let name = try #require(parameter["name"]?.string)
      guard let example = parameter["example"]?.string else {
        try #require(parameter["required"] != true, "\(operation.id) needs an example of \(name)")
        continue
      }
      let value = try #require(example.addingPercentEncoding(withAllowedCharacters: allowed))
      if parameter["in"] == "path" {
        path = path.replacingOccurrences(of: "{\(name)}", with: value)
      } else {
        query.append("\(name)=\(value)")
      }
    }
    return query.isEmpty ? path : path + "?" + query.joined(separator: "&")
  }

  func exampleBody(_ operation: Operation) throws -> JSONValue? {
    guard let body = resolved(operation.value["requestBody"]) else { return nil }
    return try #require(body["content"]?["application/json"]?["example"], "\(operation.id) has no example")
  }

  /// Returns the document's response with this status; `nil` if it has none.
  func response(_ operation: Operation, _ status: Int) -> Response? {
    guard let response = resolved(operation.value["responses"]?["\(status)"]) else { return nil }
    guard case .object(let content) = response["content"] else { return Response(mediaTypes: [], examples: [:]) }
    return Response(mediaTypes: Set(content.keys), examples: content.compactMapValues { $0["example"] })
  }
}

extension JSONValue {
  /// As JSON text.
  var text: String {
    switch self {
    case .null: "null"
    case .bool(let flag): "\(flag)"
    case .number(let number): number == number.rounded() ? "\(Int(number))" : "\(number)"
    case .string(let text): "\"\(text.replacingOccurrences(of: "\"", with: "\\\""))\""
    case .array(let elements): "[" + elements.map(\.text).joined(separator: ",") + "]"
    case .object(let members): "{" + members.map { "\"\($0.key)\":\($0.value.text)" }.joined(separator: ",") + "}"
    }
  }

  /// Whether it is of the same members and types as an example; members of an empty example may be any, and `null` may
  /// stand for a text.
  func isShaped(as example: JSONValue) -> Bool {
    switch (self, example) {
    case (.null, .null), (.bool, .bool), (.number, .number), (.string, .string), (.null, .string), (.string, .null):
      true
    case (.array(let own), .array(let others)):
      !others.isEmpty && !own.isEmpty && own.allSatisfy { $0.isShaped(as: others[0]) }
    case (.object(let own), .object(let others)):
      others.isEmpty
        || own.count == others.count
          && others.allSatisfy { name, value in own[name].map { $0.isShaped(as: value) } ?? false }
    default: false
    }
  }
}
