internal import Evento
internal import EventoHTTP

/// The gateway that a command uses as a client, and the settings that name it.
struct GatewaySource {
  let url: String
  let configuration: HTTPConfiguration
  private let urlSetting: String
  private let tokenSetting: String

  /// - Parameters:
  ///   - url: The option, which overrides the environment.
  ///   - token: The option, which overrides the environment.
  init(url: String?, token: String?, environment: [String: String]) {
    func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    self.url = url ?? variable("EVENTO_URL") ?? "http://127.0.0.1:8080"
    urlSetting = url == nil && variable("EVENTO_URL") != nil ? "EVENTO_URL" : "--url"
    tokenSetting = token == nil && variable("EVENTO_TOKEN") != nil ? "EVENTO_TOKEN" : "--token"
    var configuration = HTTPConfiguration()
    configuration.token = token ?? variable("EVENTO_TOKEN")
    configuration.logger = TailWatch.logger
    configuration.baseURLSetting = urlSetting
    configuration.tokenSetting = tokenSetting
    configuration.responseBytesSetting = nil
    self.configuration = configuration
  }

  /// Returns an error that names the settings to check.
  func explained(_ error: any Error) -> any Error {
    guard let error = error as? EventoError else { return error }
    switch error.code {
    case .unauthorized where configuration.token == nil:
      return SettingError(description: "The gateway requires a token. Pass one with --token or EVENTO_TOKEN.")
    case .unauthorized, .forbidden:
      return SettingError(description: "The gateway does not accept the token (\(tokenSetting)): \(error.detail)")
    // From a gateway with another base path, or from another server.
    case .notFound, .methodNotAllowed, .unavailable:
      return SettingError(description: "\(error.detail) The URL is \(url) (\(urlSetting)).")
    default: return error
    }
  }

  private struct SettingError: Error, CustomStringConvertible {
    let description: String
  }
}
