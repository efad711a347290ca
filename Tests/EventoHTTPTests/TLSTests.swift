import Evento
import EventoHTTP
import Foundation
import Testing

/// Against the server that comes with OpenSSL, where it is installed. It responds to every request with a page of its own,
/// which is not of the gateway's API: that it got through TLS is what shows.
@Suite(.enabled(if: TLSServer.isInstalled)) struct TLSTests {
  private func error(
    _ server: TLSServer, host: String = "localhost", _ change: (inout HTTPConfiguration.TLS) -> Void
  ) async throws -> EventoError? {
    let configuration = testConfiguration { configuration in
      configuration.retry = .never
      change(&configuration.tls)
    }
    let executor = try HTTPExecutor(baseURL: "https://\(host):\(server.port)", configuration: configuration)
    let error = await failure { () throws in _ = try await executor.subscribers() }
    await executor.close()
    return error
  }

  @Test func aCertificateThatIsTrustedIsTaken() async throws {
    let server = try await TLSServer.start()
    defer { server.stop() }
    let error = try await error(server) { $0.caFile = server.certificateFile }
    #expect(error?.detail.contains("status 200, with a body that starts") == true)
  }

  @Test func anUntrustedCertificateIsRefused() async throws {
    let server = try await TLSServer.start()
    defer { server.stop() }
    let error = try await error(server) { _ in }
    #expect(error?.code == .unavailable && error?.detail.contains("certificate") == true)
    #expect(error?.isTransient == false)
  }

  @Test func aCertificateForAnotherNameIsNot() async throws {
    let server = try await TLSServer.start()
    defer { server.stop() }
    let error = try await error(server, host: "127.0.0.1") { $0.caFile = server.certificateFile }
    #expect(error?.code == .unavailable && error?.detail.contains("Check the URL and the configuration.") == true)
  }

  @Test func aServerThatAsksForACertificateGetsTheClients() async throws {
    let server = try await TLSServer.start(asksForCertificate: true)
    defer { server.stop() }
    let without = try await error(server) { $0.caFile = server.certificateFile }
    #expect(without?.code == .unavailable && without?.detail.contains("status 200") == false)
    let with = try await error(server) { tls in
      tls.caFile = server.certificateFile
      tls.certificateFile = server.certificateFile
      tls.keyFile = server.keyFile
    }
    #expect(with?.detail.contains("status 200") == true)
  }
}

/// `openssl s_server` on a port of its choice, with a certificate for `localhost` that it signed itself.
final class TLSServer: Sendable {
  let port: Int
  let certificateFile: String
  let keyFile: String
  private let folder: String
  private let processID: pid_t

  private static let openssl = "/usr/bin/openssl"
  static var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: openssl) }

  static func start(asksForCertificate: Bool = false) async throws -> TLSServer {
    // On a thread of its own: it waits for processes.
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread {
        continuation.resume(with: Result { try TLSServer(asksForCertificate: asksForCertificate) })
      }
    }
  }

  private init(asksForCertificate: Bool) throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("evento-tls-\(ULID())").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    (certificateFile, keyFile) = (folder + "/certificate.pem", folder + "/key.pem")
    let request = Process()
    request.executableURL = URL(filePath: Self.openssl)
    request.arguments = [
      "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
      "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", keyFile, "-out", certificateFile,
    ]
    request.standardError = FileHandle.nullDevice
    try request.run()
    request.waitUntilExit()

    let process = Process()
    let output = Pipe()
    process.executableURL = URL(filePath: Self.openssl)
    process.arguments =
      ["s_server", "-accept", "127.0.0.1:0", "-cert", certificateFile, "-key", keyFile, "-www"]
      + (asksForCertificate ? ["-Verify", "1", "-verify_return_error", "-CAfile", certificateFile] : [])
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    var text = ""
    var port: Int?
    while port == nil {
      let data = output.fileHandleForReading.availableData
      guard !data.isEmpty else { throw SocketFailure(what: "openssl s_server: \(text)", code: 0) }
      text += String(decoding: data, as: UTF8.self)
      // It says where it listens: "ACCEPT 127.0.0.1:40001".
      let lines = text.split(separator: "\n").dropLast(text.hasSuffix("\n") ? 0 : 1)
      port = lines.first { $0.hasPrefix("ACCEPT") }?.split(separator: ":").last.flatMap { Int($0) }
    }
    self.port = port ?? 0
    processID = process.processIdentifier
  }

  func stop() {
    // What is started from a thread of Dispatch's has most signals blocked; this one can't be.
    kill(processID, SIGKILL)
    try? FileManager.default.removeItem(atPath: folder)
  }
}
