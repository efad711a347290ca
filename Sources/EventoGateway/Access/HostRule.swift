/// Which values of `Host` a gateway serves.
///
/// A page whose own name an attacker's name server lets point to the gateway is of the same origin for the browser (DNS
/// rebinding), so that without tokens a name has to be one that the gateway is known by. An address can't be made to point
/// elsewhere.
public enum HostRule: Sendable {
  case any
  /// The names and addresses of the machine itself.
  case loopback
  /// The names of the machine itself, and all IP addresses.
  case addresses
}
