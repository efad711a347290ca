/// The kinds of content of an event's row: the values of its column `is_json`.
enum EventContent: Int64 {
  /// A payload that is not JSON.
  case bytes = 0
  case json = 1
  /// Nothing: the payload is empty, and there is no metadata.
  case erased = 2
}
