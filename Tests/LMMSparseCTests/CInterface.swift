// SPDX-License-Identifier: GPL-2.0-or-later
import CArrow
import CLMMSparse
import Foundation
import TestSupport

/// What a function of lmm.h gave.
struct CAnswer: @unchecked Sendable {  // values of JSON
  let code: UInt32
  let json: [String: Any]
  let text: String

  /// `{"error": …}`
  var error: [String: Any] { json["error"] as? [String: Any] ?? [:] }
  var message: String { error["message"] as? String ?? "" }
  var place: [String: Any] { error["place"] as? [String: Any] ?? [:] }
}

typealias JSONPointer = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

/// Calls a function, takes its JSON over and gives it back.
func called(_ function: (JSONPointer) -> CInt) throws -> CAnswer {
  var text: UnsafeMutablePointer<CChar>?
  let code = function(&text)
  defer { lmm_free_text(text) }
  let copy = text.map { String(cString: $0) } ?? ""
  return CAnswer(code: UInt32(bitPattern: code), json: try jsonObject(copy), text: copy)
}

/// A model, freed with the value.
final class CModel {
  let pointer: OpaquePointer
  /// Of the fit.
  let answer: CAnswer

  /// - Throws: `Refused`
  init(_ make: (UnsafeMutablePointer<OpaquePointer?>, JSONPointer) -> CInt) throws {
    var model: OpaquePointer?
    answer = try called { make(&model, $0) }
    guard let model, answer.code == LMM_OK.rawValue else {
      lmm_free(model)
      throw Refused(answer: answer)
    }
    pointer = model
  }

  convenience init(_ stream: ArrowTestStream, _ options: String) throws {
    try self.init { model, json in stream { lmm_fit($0, options, model, json) } }
  }

  convenience init(_ options: String) throws {
    try self.init { lmm_fit(nil, options, $0, $1) }
  }

  deinit { lmm_free(pointer) }

  func ask(_ request: String) throws -> CAnswer {
    try called { lmm_call(pointer, request, $0) }
  }

  /// Numbers of the fit, all of them.
  var numbers: [Double] {
    let json = answer.json
    let theta = (json["theta"] as? [String: Any])?["values"] as? [Double] ?? []
    let fixed = (json["fixed"] as? [[String: Any]] ?? []).flatMap { row in
      ["estimate", "std_error", "df", "statistic", "p_value"].map { row[$0] as? Double ?? .nan }
    }
    return theta + fixed + [json["criterion"] as! Double, json["sigma"] as! Double]
  }
}

struct Refused: Error {
  let answer: CAnswer
}

/// The columns of a stream of numbers, and the code and words of its end.
func numbers(
  _ stream: inout ArrowArrayStream
) -> (columns: [[Double]], code: CInt, words: String?) {
  var columns: [[Double]] = []
  while true {
    var batch = ArrowArray()
    let code = stream.get_next(&stream, &batch)
    guard code == 0 else { return (columns, code, stream.get_last_error(&stream).map { String(cString: $0) }) }
    guard let release = batch.release else { return (columns, 0, nil) }
    if columns.isEmpty { columns = Array(repeating: [], count: Int(batch.n_children)) }
    for k in columns.indices {
      let child = batch.children[k]!.pointee
      let bits = child.buffers[0]?.assumingMemoryBound(to: UInt8.self)
      let values = child.buffers[1]!.assumingMemoryBound(to: Double.self)
      for row in 0..<Int(child.length) {
        let isThere = bits.map { $0[row >> 3] >> UInt8(row & 7) & 1 == 1 } ?? true
        columns[k].append(isThere ? values[row] : .nan)
      }
    }
    release(&batch)
  }
}
