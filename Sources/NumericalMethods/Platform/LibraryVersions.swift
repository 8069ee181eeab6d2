// SPDX-License-Identifier: GPL-2.0-or-later
import CCholmod
import CNLopt
import CRmath

/// The versions of the numerical libraries: of CHOLMOD and NLopt as loaded, of Rmath as compiled.
package func libraryVersions() -> [(name: String, version: String)] {
  var cholmod: [Int32] = [0, 0, 0]
  _ = cholmod_l_version(&cholmod)
  var (major, minor, patch): (Int32, Int32, Int32) = (0, 0, 0)
  nlopt_version(&major, &minor, &patch)
  return [
    ("CHOLMOD", cholmod.map(String.init).joined(separator: ".")),
    ("NLopt", "\(major).\(minor).\(patch)"),
    ("Rmath", R_VERSION_STRING),
  ]
}
