internal import ByteCoding
internal import Evento
internal import EventoStorage
internal import EventoWire

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Reads an export batch by batch. Nothing of a batch is returned before its check was read, so nothing that was altered
/// or cut off is ever used.
package actor ExportInput: ImportSource {
  package nonisolated let name: SourceName
  private let size: Int?
  private let read: @Sendable () async throws -> [UInt8]
  private var buffer: [UInt8] = []
  /// The first byte of the buffer that was not returned as part of a line.
  private var start = 0
  private var isAtEnd = false
  private var lines = 0
  private var bytes = 0
  private var digest = SHA256()
  private var counts = ExportCheck()
  private var decoder = ExportLineDecoder()

  /// - Parameters:
  ///   - name: The name of the export in errors.
  ///   - size: Its size, in bytes, if it is known.
  ///   - read: Returns the next bytes; none at the end.
  package init(name: String, size: Int? = nil, read: @escaping @Sendable () async throws -> [UInt8]) {
    self.name = SourceName(name: name, unit: "line")
    self.size = size
    self.read = read
  }

  /// Reads the first line.
  package func contents() async throws -> ImportContents {
    // A file of another program may have no lines at all.
    guard let line = try await nextLine(upTo: Self.longestHeader), buffer[line].first == UInt8(ascii: "{") else {
      throw foreign
    }
    let header: ExportHeader
    do {
      header = try ExportHeader(json: Array(buffer[line]))
    } catch  where error.code == .notImplemented {
      throw EventoError(.invalidRequest, "\(name.name) \(error.detail)")
    } catch {
      throw foreign
    }
    add(line)
    return ImportContents(isWhole: header.filter == nil, hasRows: header.isFull)
  }

  private static let longestHeader = 64 << 10

  private var foreign: EventoError {
    EventoError(
      .invalidRequest, "\(name.name) is not an export of evento-gateway. Name a file that 'export' has written.")
  }

  /// Reads the next lines, up to a check.
  package func nextBatch() async throws -> ImportBatch {
    var batch = ImportBatch()
    let first = lines + 1
    while let line = try await nextLine() {
      if let kind = kind(of: line) {
        guard buffer[line].elementsEqual(counts.line(kind, digest: digest.digest).dropLast()) else {
          throw altered(from: first)
        }
        add(line)
        batch.isLast = kind == .end
        if batch.isLast { try await checkEnd() }
        batch.progress = size.map { Double(bytes) / Double(max($0, 1)) }
        return batch
      }
      guard batch.count < ExportOutput.batchLines else { throw altered(from: first) }
      let decoded: ExportLine
      do {
        decoded = try decoder.line(buffer, line)
      } catch {
        throw EventoError(
          .invalidRequest, "\(name.place(lines + 1)): \(error.detail.replacing("The body", with: "The line"))")
      }
      add(line)
      switch decoded {
      case .event(let edge):
        counts.events += 1
        batch.events.append(NumberedEvent(number: lines, event: edge.node))
      case .subscriber(let subscriber, let event):
        counts.subscribers += 1
        batch.subscribers.append(ImportedRow(number: lines, row: subscriber, event: event))
      case .snapshot(let key, let snapshot, let event):
        counts.snapshots += 1
        let row = KeyedSnapshot(key: key, snapshot: snapshot)
        batch.snapshots.append(ImportedRow(number: lines, row: row, event: event))
      }
    }
    throw EventoError(
      .invalidRequest,
      "\(name.name) is incomplete: it ends after line \(lines), without the end of the export. Get the whole file, and run the "
        + "command again.")
  }

  private func altered(from first: Int) -> EventoError {
    EventoError(
      .invalidRequest,
      "\(name.name) was altered: lines \(first) to \(lines + 1) are not those that were exported. Get the file again, and run "
        + "the command again.")
  }

  private func checkEnd() async throws {
    if start == buffer.count { try await fill() }
    guard start == buffer.count else {
      throw EventoError(
        .invalidRequest, "\(name.name) has more lines after the end of the export. Give one export at a time.")
    }
  }

  // MARK: Lines

  private func kind(of line: Range<Int>) -> ExportCheck.Kind? {
    buffer.withUnsafeBytes { ExportCheck.kind(ofLine: $0[line]) }
  }

  /// Adds a line and its end to the digest, and removes it.
  private func add(_ line: Range<Int>) {
    let whole = line.lowerBound..<line.upperBound + 1
    buffer.withUnsafeBytes { digest.update(UnsafeRawBufferPointer(rebasing: $0[whole])) }
    start = whole.upperBound
    bytes += whole.count
    lines += 1
  }

  /// Returns the range of the next line in the buffer, without its end; `nil` at the end. A last line without an end is
  /// none.
  private func nextLine(upTo limit: Int = .max) async throws -> Range<Int>? {
    var searched = start
    while true {
      if let end = lineEnd(from: searched) { return start..<end }
      let unsearched = buffer.count - start
      guard !isAtEnd, unsearched < limit else { return nil }
      try await fill()
      searched = start + unsearched
    }
  }

  private func lineEnd(from index: Int) -> Int? {
    buffer.withUnsafeBytes { buffer in
      guard index < buffer.count, let base = buffer.baseAddress else { return nil }
      let end = memchr(base + index, Int32(UInt8(ascii: "\n")), buffer.count - index)
      return end.map { base.distance(to: UnsafeRawPointer($0)) }
    }
  }

  /// Appends the next bytes, and drops those of earlier lines.
  private func fill() async throws {
    guard !isAtEnd else { return }
    let next = try await read()
    isAtEnd = next.isEmpty
    if start > 0 {
      buffer.removeSubrange(..<start)
      start = 0
    }
    buffer += next
  }
}
