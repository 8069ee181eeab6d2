// SPDX-License-Identifier: GPL-2.0-or-later
import CLMMSparse
import MixedModels
import ModelFrames
import NumericalMethods
import Reports

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A result as JSON.
struct JSONText: Sendable {
  let text: String

  init(_ report: Report) { text = report.text(as: .json) }

  private init(_ text: String) { self.text = text }

  /// A value, or text that is JSON already.
  enum Member {
    case value(JSONValue)
    case json(String)
  }

  init(_ members: [(name: String, value: Member)]) {
    var text = "{"
    for (k, member) in members.enumerated() {
      if k > 0 { text += ", " }
      JSONValue.string(member.name).write(to: &text)
      text += ": "
      switch member.value {
      case .value(let value): value.write(to: &text)
      case .json(let json): text += json
      }
    }
    self.text = text + "}"
  }

  static func object(_ members: [(name: String, value: JSONValue)]) -> JSONText {
    var text = ""
    JSONValue.object(members).write(to: &text)
    return JSONText(text)
  }
}

/// A request that cannot be understood, in a sentence.
struct RequestError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// A callback that wanted an end.
struct Interrupted: Error, CustomStringConvertible {
  let description = "the work was interrupted."
}

/// Runs what a function does, and turns its result or its error into JSON and a code.
func answer(_ json: TextOut?, _ body: () throws -> JSONText) -> CInt {
  json?.pointee = nil
  do {
    let text = try body()
    json?.pointee = .allocated(text.text)
    return CInt(LMM_OK.rawValue)
  } catch {
    let failure = Failure(error)
    json?.pointee = .allocated(failure.json.text)
    return failure.code
  }
}

/// The same of a function that makes a handle.
func answer(
  _ json: TextOut?, _ out: HandleOut?,
  _ body: (Progress) throws -> (UnsafeMutableRawPointer, JSONText)
) -> CInt {
  out?.pointee = nil
  return answer(json) {
    guard let out else { throw RequestError("there is no place for the result.") }
    let (handle, text) = try body(Progress())
    out.pointee = OpaquePointer(handle)
    return text
  }
}

/// What went wrong.
struct Failure {
  let code: CInt
  private let kind: String
  private let message: String
  private let place: [(name: String, value: JSONValue)]

  init(_ error: any Error) {
    message = "\(error)"
    var place: [(name: String, value: JSONValue)] = []
    switch error {
    case is RequestError: (code, kind) = (CInt(LMM_MISUSED.rawValue), "request")
    case is Interrupted: (code, kind) = (CInt(LMM_INTERRUPTED.rawValue), "interrupted")
    case let error as DataError:
      (code, kind) = (CInt(LMM_FAILED.rawValue), "data")
      if let file = error.file { place.append(("file", .string(file))) }
      if let line = error.line { place.append(("line", .integer(line))) }
      if let row = error.row { place.append(("row", .integer(row))) }
      if let column = error.column { place.append(("column", .string(column))) }
      if let value = error.value { place.append(("value", .string(value))) }
    case let error as FormulaError:
      (code, kind) = (CInt(LMM_FAILED.rawValue), "formula")
      place = [
        ("formula", .string(error.text)), ("position", .integer(error.range.lowerBound)),
        ("length", .integer(error.range.count)),
      ]
    case let error as DelimitedTextError:
      (code, kind) = (CInt(LMM_FAILED.rawValue), "data")
      place = [("file", .string(error.name)), ("line", .optional(error.line))]
    case is FitError: (code, kind) = (CInt(LMM_FAILED.rawValue), "fit")
    case is InferenceError, is HypothesisError: (code, kind) = (CInt(LMM_FAILED.rawValue), "inference")
    case let error as ModelFileError:
      (code, kind) = (CInt(LMM_FAILED.rawValue), "file")
      place = [("file", .string(error.file))]
    case is OutOfRange: (code, kind) = (CInt(LMM_MISUSED.rawValue), "range")
    case is MemoryShortage: (code, kind) = (CInt(LMM_FAILED.rawValue), "memory")
    default: (code, kind) = (CInt(LMM_FAILED.rawValue), "failed")
    }
    self.place = place
  }

  var json: JSONText {
    .object([
      (
        "error",
        .object([
          ("code", .string(kind)), ("message", .string(message)), ("place", .object(place)),
        ])
      )
    ])
  }

  /// As `get_last_error` tells it.
  var words: String { message }

  /// As `get_next` returns it.
  var systemCode: CInt {
    switch code {
    case CInt(LMM_INTERRUPTED.rawValue): EINTR
    case CInt(LMM_MISUSED.rawValue): EINVAL
    default: EIO
    }
  }
}

extension UnsafeMutablePointer<CChar> {
  /// A copy of a text, for `lmm_free_text`.
  static func allocated(_ text: String) -> UnsafeMutablePointer<CChar> {
    var text = text
    return text.withUTF8 { bytes in
      let copy = UnsafeMutableRawPointer.allocate(byteCount: bytes.count + 1, alignment: 1)
      if let base = bytes.baseAddress { copy.copyMemory(from: base, byteCount: bytes.count) }
      copy.storeBytes(of: 0, toByteOffset: bytes.count, as: UInt8.self)
      return copy.bindMemory(to: CChar.self, capacity: bytes.count + 1)
    }
  }

  func deallocateText() { UnsafeMutableRawPointer(self).deallocate() }
}
