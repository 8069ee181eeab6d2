// SPDX-License-Identifier: GPL-2.0-or-later

/// What a header holds, for an error about a column that it has not, and what may be wrong with the
/// header itself: a comment, a title, another separator.
func columnsFound(_ header: [String]) -> String {
  let names = header.filter { !$0.isEmpty }
  guard let first = names.first else { return "No column has a name." }
  let line = "\"" + shortened(names.joined(separator: ",")) + "\""
  if ["#", "%", "//"].contains(where: first.hasPrefix) {
    return "The header line, \(line), looks like a comment; take it out: tail -n +2 FILE."
  }
  guard names.count == 1 else {
    let shown = names.prefix(12).map { shortened($0) }.joined(separator: ", ")
    return "The columns are \(shown)\(names.count > 12 ? ", …" : "")."
  }
  let found = "The only column is \(line); columns are separated by comma, semicolon, tab or bar."
  guard first.contains(" ") else { return found }
  return found
    + " If they are separated by blanks, add \(Setting.separator(" ")) after tr -s ' '; if the line is a "
    + "title, take it out: tail -n +2 FILE."
}
