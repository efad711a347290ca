/// The bytes that a response, or a line of a stream, may have.
struct AnswerLimit: Sendable {
  let bytes: Int
  /// The name of the setting that raises it; `nil` if there is none.
  let setting: String?
}

extension HTTPConfiguration {
  var answerLimit: AnswerLimit { AnswerLimit(bytes: answerBytes, setting: answerBytesSetting) }
}
