import Evento
import Foundation

/// The same JSON as values that Foundation's coders read and write. Payload and metadata are any JSON
/// (docs/http-api.md §2.1); the members are named as in the JSON, so that no coding key has to be translated.
enum Plain {
  enum Value: Codable {
    case null
    case boolean(Bool)
    case number(Double)
    case string(String)
    case array([Value])
    case object([String: Value])

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if container.decodeNil() {
        self = .null
      } else if let value = try? container.decode(String.self) {
        self = .string(value)
      } else if let value = try? container.decode([String: Value].self) {
        self = .object(value)
      } else if let value = try? container.decode([Value].self) {
        self = .array(value)
      } else if let value = try? container.decode(Bool.self) {
        self = .boolean(value)
      } else {
        self = .number(try container.decode(Double.self))
      }
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .null: try container.encodeNil()
      case .boolean(let value): try container.encode(value)
      case .number(let value): try container.encode(value)
      case .string(let value): try container.encode(value)
      case .array(let value): try container.encode(value)
      case .object(let value): try container.encode(value)
      }
    }
  }

  // swift-format-ignore: AlwaysUseLowerCamelCase
  struct NewEvent: Codable {
    let aggregator_type: String
    let aggregator_id: String
    let version: Int
    let name: String
    let data: Value
    let metadata: [String: Value]
  }

  struct Request: Codable {
    let events: [NewEvent]
  }

  // swift-format-ignore: AlwaysUseLowerCamelCase
  struct Event: Codable {
    let id: String
    let aggregator_type: String
    let aggregator_id: String
    let version: Int
    let name: String
    let routing_key: String?
    let data: Value
    let metadata: [String: Value]
    let timestamp: Int64
    let timestamp_subsec: Int
  }

  struct Edge: Codable {
    let cursor: String
    let node: Event
  }

  // swift-format-ignore: AlwaysUseLowerCamelCase
  struct PageInfo: Codable {
    let has_previous_page: Bool
    let has_next_page: Bool
    let start_cursor: String?
    let end_cursor: String?
  }

  // swift-format-ignore: AlwaysUseLowerCamelCase
  struct Page: Codable {
    let edges: [Edge]
    let page_info: PageInfo

    init(_ page: ReadResult<Evento.Event>) {
      edges = page.edges.map {
        Edge(
          cursor: $0.cursor.description,
          node: Event(
            id: $0.node.id.description, aggregator_type: $0.node.aggregatorType, aggregator_id: $0.node.aggregatorID,
            version: $0.node.version, name: $0.node.name, routing_key: $0.node.routingKey, data: payload,
            metadata: metadata, timestamp: $0.node.timestamp.seconds, timestamp_subsec: $0.node.timestamp.subsecond))
      }
      page_info = PageInfo(
        has_previous_page: page.pageInfo.hasPreviousPage, has_next_page: page.pageInfo.hasNextPage,
        start_cursor: page.pageInfo.startCursor?.description, end_cursor: page.pageInfo.endCursor?.description)
    }
  }

  private static let payload = Value.object(["text": .string(String(repeating: "the quick brown fox ", count: 10))])
  private static let metadata = ["requested_by": Value.string("ada")]

  static func requestBody(_ count: Int) throws -> [UInt8] {
    let events = (0..<count).map {
      NewEvent(
        aggregator_type: "bank/Account", aggregator_id: "account-\($0)", version: 1, name: "MoneyDeposited",
        data: payload, metadata: metadata)
    }
    return [UInt8](try JSONEncoder().encode(Request(events: events)))
  }
}
