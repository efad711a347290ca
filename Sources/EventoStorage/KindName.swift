package import Evento

/// A kind: an aggregate type with an event name.
package struct KindName: Hashable, Sendable {
  package let type: Name
  package let name: Name

  package init(type: Name, name: Name) {
    self.type = type
    self.name = name
  }
}
