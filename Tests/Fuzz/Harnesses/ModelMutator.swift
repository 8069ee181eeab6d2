// SPDX-License-Identifier: GPL-2.0-or-later
import CFuzzer

/// libFuzzer asks for a mutation; model files get new contents under right checksums, other inputs
/// libFuzzer's own.
@_cdecl("LLVMFuzzerCustomMutator") func mutate(
  _ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ room: Int, _ seed: UInt32
) -> Int {
  let bytes = UnsafeRawBufferPointer(start: data, count: size)
  guard chosen.name == "models", var archive = ModelArchive(bytes) else {
    return LLVMFuzzerMutate(data, size, room)
  }
  var random = SplitMix(state: UInt64(seed))
  for _ in 0...random.below(3) { archive.mutate(&random) }
  let packed = archive.packed
  guard packed.count <= room else { return size }
  UnsafeMutableRawBufferPointer(start: data, count: packed.count).copyBytes(from: packed)
  return packed.count
}

/// A member of one model file in the place of the other's.
@_cdecl("LLVMFuzzerCustomCrossOver") func cross(
  _ first: UnsafePointer<UInt8>, _ size1: Int, _ second: UnsafePointer<UInt8>, _ size2: Int,
  _ out: UnsafeMutablePointer<UInt8>, _ room: Int, _ seed: UInt32
) -> Int {
  var random = SplitMix(state: UInt64(seed))
  guard chosen.name == "models",
    var archive = ModelArchive(UnsafeRawBufferPointer(start: first, count: size1)),
    let other = ModelArchive(UnsafeRawBufferPointer(start: second, count: size2))
  else { return 0 }
  let taken = other.members[random.below(other.members.count)]
  if let place = archive.members.firstIndex(where: { $0.name == taken.name }) {
    archive.members[place] = taken
  } else {
    archive.members.append(taken)
  }
  let packed = archive.packed
  guard packed.count <= room else { return 0 }
  UnsafeMutableRawBufferPointer(start: out, count: packed.count).copyBytes(from: packed)
  return packed.count
}

/// Steele, Lea & Flood 2014.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }

  mutating func below(_ bound: Int) -> Int { bound > 0 ? Int(next() % UInt64(bound)) : 0 }
  mutating func one<Element>(_ all: [Element]) -> Element { all[below(all.count)] }
}

extension ModelArchive {
  fileprivate mutating func mutate(_ random: inout SplitMix) {
    let k = random.below(members.count)
    switch random.below(40) {
    case 0: members.remove(at: members.count > 1 ? k : 0 + members.count)
    case 1: members.append(members[k])
    case 2: members[k].name = members[random.below(members.count)].name
    default:
      members[k].bytes =
        members[k].bytes.first == 0x93
        ? mutatedArray(members[k].bytes, &random) : mutatedText(members[k].bytes, &random)
    }
  }
}

/// libFuzzer's own mutation of a few bytes more or less.
private func mutatedBytes(_ bytes: [UInt8]) -> [UInt8] {
  var room = bytes + [UInt8](repeating: 0, count: 16)
  let count = room.withUnsafeMutableBufferPointer {
    LLVMFuzzerMutate($0.baseAddress!, bytes.count, $0.count)
  }
  return Array(room[..<count])
}

// MARK: JSON

private let oddValues = [
  "0", "-1", "1", "2", "0.5", "2147483647", "2147483648", "4294967296", "9007199254740992",
  "9223372036854775807", "-9223372036854775808", "18446744073709551616", "1e300", "-1e300",
  "1e-320",
  "1e999", "null", "true", "false", "[]", "{}", "[[]]", "\"\"", "\"TRUE\"", "\"\\u001b[31m\"",
  "\"\\u0000\"", "\"a\\u0301\"", "\"(Intercept)\"", "\"y ~ (1 | g)\"", "\"poly\"",
  "\"matrix-free\"",
  "{\"levels\": [\"a\", \"b\"], \"columns\": [\"u\"], \"values\": [[1], [0]]}",
]

/// One value, line or byte is another.
private func mutatedText(_ bytes: [UInt8], _ random: inout SplitMix) -> [UInt8] {
  let values = jsonValues(bytes)
  guard !values.isEmpty, random.below(6) > 0 else { return mutatedBytes(bytes) }
  let range = random.one(values)
  var bytes = bytes
  switch random.below(8) {
  case 0: bytes.replaceSubrange(range, with: bytes[random.one(values)])
  case 1: bytes.insert(contentsOf: Array(bytes[range]) + Array(", ".utf8), at: range.lowerBound)
  case 2: bytes.removeSubrange(range)
  case 3, 4:
    // Members of the outermost object stand on lines of their own.
    var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    let (k, to) = (random.below(lines.count), random.below(lines.count))
    if random.below(3) == 0 { lines.remove(at: k) } else { lines.insert(lines[k], at: to) }
    bytes = Array(lines.joined(separator: [UInt8(ascii: "\n")]))
  case 5: bytes.replaceSubrange(range, with: mutatedBytes(Array(bytes[range])))
  default: bytes.replaceSubrange(range, with: Array(random.one(oddValues).utf8))
  }
  return bytes
}

/// Where strings, numbers and words stand.
private func jsonValues(_ bytes: [UInt8]) -> [Range<Int>] {
  var (values, start): ([Range<Int>], Int) = ([], 0)
  while start < bytes.count {
    var end = start + 1
    switch bytes[start] {
    case UInt8(ascii: "\""):
      while end < bytes.count, bytes[end] != UInt8(ascii: "\"") {
        end += bytes[end] == UInt8(ascii: "\\") ? 2 : 1
      }
      end = min(end + 1, bytes.count)
    case let byte where !" \n{}[]:,".utf8.contains(byte):
      while end < bytes.count, !" \n{}[]:,\"".utf8.contains(bytes[end]) { end += 1 }
    default:
      start = end
      continue
    }
    values.append(start..<end)
    start = end
  }
  return values
}

// MARK: Arrays

private let oddDoubles: [Double] = [
  0, -0.0, 1, -1, 2, 5e-324, 1e-160, 1e150, 1e300, -1e300, .nan, .infinity, -.infinity, 1e9, -1e9,
]
private let oddIntegers: [Int32] = [0, 1, -1, 2, 3, .max, .min, 65536]

/// A value is another, two are exchanged, or the first length is another, with values to fit.
private func mutatedArray(_ bytes: [UInt8], _ random: inout SplitMix) -> [UInt8] {
  let start = 10 + Int(bytes.count > 9 ? bytes[8] : 0) + Int(bytes.count > 9 ? bytes[9] : 0) << 8
  guard start <= bytes.count, random.below(20) > 0 else { return mutatedBytes(bytes) }
  let header = String(decoding: bytes[10..<start], as: UTF8.self)
  let width = header.contains("<f8") ? 8 : header.contains("<i4") ? 4 : 1
  var values = Array(bytes[start...])
  let count = values.count / width
  func place(_ random: inout SplitMix) -> Range<Int> {
    let k = random.below(count) * width
    return k..<k + width
  }
  guard count > 0 else { return bytes }
  switch random.below(6) {
  case 0:
    let (a, b) = (place(&random), place(&random))
    let piece = values[a]
    values.replaceSubrange(a, with: values[b])
    values.replaceSubrange(b, with: piece)
  case 1: values = mutatedBytes(values)
  case 2: return resized(header, values, &random) ?? bytes
  default:
    values.replaceSubrange(place(&random), with: oddNumber(width, &random))
  }
  return Array(bytes[..<start]) + values.prefix(count * width)
    + [UInt8](repeating: 0, count: max(0, count * width - values.count))
}

private func oddNumber(_ width: Int, _ random: inout SplitMix) -> [UInt8] {
  switch width {
  case 8: withUnsafeBytes(of: random.one(oddDoubles)) { Array($0) }
  case 4: withUnsafeBytes(of: random.one(oddIntegers)) { Array($0) }
  default: [UInt8(truncatingIfNeeded: random.next())]
  }
}

/// Rows more or fewer, as the header says.
private func resized(_ header: String, _ values: [UInt8], _ random: inout SplitMix) -> [UInt8]? {
  guard let open = header.firstIndex(of: "("), let close = header.firstIndex(of: ")") else {
    return nil
  }
  var shape = header[header.index(after: open)..<close].split(separator: ",").compactMap {
    Int($0.drop { $0 == " " })
  }
  guard let rows = shape.first, rows > 0 else { return nil }
  let size = values.count / rows
  var values = values
  if random.below(2) == 0 {
    let k = random.below(rows) * size
    values.removeSubrange(k..<k + size)
    shape[0] -= 1
  } else {
    let k = random.below(rows) * size
    values += values[k..<k + size]
    shape[0] += 1
  }
  let lengths = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
  var text = "\(header[...open])\(lengths)), }"
  text += String(repeating: " ", count: 63 - (10 + text.utf8.count) % 64) + "\n"
  let count = text.utf8.count
  var bytes: [UInt8] = [0x93] + Array("NUMPY".utf8)
  bytes += [1, 0, UInt8(count & 255), UInt8(count >> 8)]
  bytes += text.utf8
  return bytes + values
}
