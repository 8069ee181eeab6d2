// SPDX-License-Identifier: GPL-2.0-or-later

/// The version of this package, as reports and `--version` print it.
package let softwareVersion = "0.1.0"
