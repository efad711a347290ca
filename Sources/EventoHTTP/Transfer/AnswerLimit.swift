/// The maximum size of a response, or of a line in a stream, in bytes.
struct AnswerLimit: Sendable {
  let bytes: Int
  /// The name of the setting that raises it; `nil` if there is none.
  let setting: String?
}

extension HTTPConfiguration {
  var answerLimit: AnswerLimit { AnswerLimit(bytes: answerBytes, setting: answerBytesSetting) }
}
