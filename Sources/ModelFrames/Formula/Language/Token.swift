// SPDX-License-Identifier: GPL-2.0-or-later

/// One word of a formula and where it stands, in characters.
struct Token {
  enum Kind: Equatable {
    case number(Double)
    case string(String)
    /// A variable or function; `isQuoted` if it was written in backquotes.
    case name(String, isQuoted: Bool)
    /// An operator or `~`, `(`, `)`, `,`, `=`; `**` is already `^`.
    case symbol(String)
    case end
  }

  let kind: Kind
  let range: Range<Int>
}
