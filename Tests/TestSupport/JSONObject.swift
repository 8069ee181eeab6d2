// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation

/// Members of an object of JSON.
///
/// - Throws: `NoObject` for any other text.
package func jsonObject(_ text: some StringProtocol) throws -> [String: Any] {
  guard let object = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
  else {
    throw NoObject(text: String(text))
  }
  return object
}

extension ToolProcess {
  /// Members of the object that was written.
  package var json: [String: Any] { get throws { try jsonObject(output) } }
}

package struct NoObject: Error {
  let text: String
}
