// SPDX-License-Identifier: GPL-2.0-or-later
import ParquetFiles

extension ArrowColumn {
  /// Decoded values of a Parquet file, which are laid out as Arrow's; valid as long as those.
  init(_ values: ParquetValues) {
    let type = ArrowType(values.type)
    switch values.form {
    case .places(let list):
      self.init(
        .dictionary(indexBytes: 4, isSigned: true, values: type), count: values.count,
        validity: values.validity, buffers: [nil, values.values], values: [ArrowColumn(list)])
    case .plain:
      let buffers: [UnsafeRawPointer?] =
        switch values.type {
        case .null, .unreadable: []
        case .text: [nil, values.values, values.texts]
        default: [nil, values.values]
        }
      self.init(type, count: values.count, validity: values.validity, buffers: buffers)
    }
  }
}

extension ArrowType {
  init(_ type: ParquetType) {
    self =
      switch type {
      case .null: .null
      case .boolean: .boolean
      case .integer(let bytes, let isSigned): .integer(bytes: bytes, isSigned: isSigned)
      case .float(let bytes): .float(bytes: bytes)
      case .text: .text(offsetBytes: 8)
      case .decimal(let scale, let bytes): .decimal(scale: scale, bytes: bytes)
      case .date: .date(inMilliseconds: false)
      case .timestamp(let units): .timestamp(unitsPerSecond: units)
      case .unreadable(let words): .unreadable(format: words)
      }
  }
}
