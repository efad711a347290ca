internal import ArgumentParser
internal import EventoPostgreSQL
internal import Foundation

/// The options of a command that name one database.
struct DatabaseChoice {
  /// The names of the options.
  struct Names {
    let database: String
    let urlFile: String
    let schema: String
  }

  private let names: Names
  private let database: String?
  private let urlFile: String?
  private let schema: String?
  private let standard: String?

  /// - Parameter standard: The database if neither option is given; `nil` if one must be given.
  init(_ names: Names, database: String?, urlFile: String?, schema: String? = nil, default standard: String? = nil) {
    self.names = names
    self.database = database
    self.urlFile = urlFile
    self.schema = schema
    self.standard = standard
  }

  // MARK: The form of the options

  /// The option that names a PostgreSQL database, if one does.
  var serverOption: String? {
    if urlFile != nil { return names.urlFile }
    return database.flatMap(PostgreSQLURL.init) == nil ? nil : names.database
  }

  /// Checks the options without reading a file.
  ///
  /// - Throws: `ValidationError`, which quotes no URL.
  func check() throws {
    guard database == nil || urlFile == nil else {
      throw ValidationError("\(names.database) and \(names.urlFile) are both given. Give one of them.")
    }
    guard database != nil || urlFile != nil || standard != nil else {
      throw ValidationError("\(names.database) must name a database: a SQLite file or a postgresql:// URL.")
    }
    if let database {
      // SQLite uses an empty name for a temporary database: https://sqlite.org/c3ref/open.html
      guard !database.isEmpty else { throw ValidationError("\(names.database) must name a file, but is \"\".") }
      if PostgreSQLURL(database) == nil, let scheme = database.prefixMatch(of: /([A-Za-z][A-Za-z0-9+.-]*):\/\//) {
        throw ValidationError(
          "\(names.database) must be the path of a file or a postgresql:// URL, but begins with \(scheme.output.0).")
      }
    }
    guard let schema else { return }
    guard serverOption != nil else {
      throw ValidationError("\(names.schema) needs a postgresql:// URL: a SQLite file has no schemas.")
    }
    // https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS
    guard (1...63).contains(schema.utf8.count) else {
      throw ValidationError("\(names.schema) must be 1 to 63 bytes, but has \(schema.utf8.count).")
    }
  }

  /// - Throws: `ValidationError` if an option that applies only to a file is given with a PostgreSQL database.
  func checkAppliesToFile(_ option: String, isGiven: Bool) throws {
    guard isGiven, let server = serverOption else { return }
    throw ValidationError(
      "\(option) applies only to a SQLite file, but \(server) names a PostgreSQL database. Remove it.")
  }

  // MARK: The database

  /// Returns the database. Reads its URL from the file if there is one.
  ///
  /// - Throws: `ValidationError` if that can't be read, or has something else. It quotes nothing of it.
  func location() throws -> DatabaseLocation {
    if let urlFile { return .server(try Self.readURL(urlFile, names.urlFile), schema: schema) }
    let text = database ?? standard ?? ""
    return PostgreSQLURL(text).map { .server($0, schema: schema) } ?? .file(text)
  }

  /// A warning if the URL was given as an argument and has a password, which the list of processes shows to everyone on
  /// the machine.
  var warning: String? {
    guard let url = database.flatMap(PostgreSQLURL.init), url.hasPassword,
      CommandLine.arguments.contains(where: { $0 == names.database || $0.hasPrefix(names.database + "=") })
    else { return nil }
    return
      "Other users of this machine can see the password in \(names.database). Put the URL in a file (\(names.urlFile)), "
      + "or the password in PGPASSWORD or a password file (PGPASSFILE)."
  }

  private static func readURL(_ path: String, _ option: String) throws -> PostgreSQLURL {
    let file = "The file \"\(path)\" (\(EnvironmentArguments.givenName(of: option)))"
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw ValidationError("\(file) can't be read: \(String(cString: strerror(errno))).") }
    var status = stat()
    guard fstat(descriptor, &status) != 0 || status.st_mode & S_IFMT != S_IFDIR else {
      close(descriptor)
      throw ValidationError("\(file) is a folder. Name a file.")
    }
    let data: Data
    do {
      data = try FileHandle(fileDescriptor: descriptor, closeOnDealloc: true).readToEnd() ?? Data()
    } catch {
      throw ValidationError("\(file) can't be read: \(error.localizedDescription)")
    }
    let lines = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline)
    guard lines.count == 1, let url = PostgreSQLURL(lines[0].trimmingCharacters(in: .whitespaces)) else {
      throw ValidationError("\(file) must have one line, a postgresql:// URL.")
    }
    return url
  }
}
