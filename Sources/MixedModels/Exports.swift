// SPDX-License-Identifier: GPL-2.0-or-later

// `import MixedModels` is all a user writes: formulas, data sources and reading options come with
// it.
@_exported public import ModelFrames
