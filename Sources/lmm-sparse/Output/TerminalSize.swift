// SPDX-License-Identifier: GPL-2.0-or-later
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Columns and rows of the terminal that standard output is; without one, of COLUMNS and LINES, or
/// 80 × 24.
func terminalSize() -> (columns: Int, rows: Int) {
  var size = winsize()
  if ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 {
    return (min(max(Int(size.ws_col), 40), 240), Int(size.ws_row))
  }
  func variable(_ name: String) -> Int? { getenv(name).flatMap { Int(String(cString: $0)) } }
  return (min(max(variable("COLUMNS") ?? 80, 40), 240), max(variable("LINES") ?? 24, 10))
}
