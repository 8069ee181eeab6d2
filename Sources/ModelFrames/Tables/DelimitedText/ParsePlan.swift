// SPDX-License-Identifier: GPL-2.0-or-later

/// What to do with the field of one column of a file.
struct FieldAction: Sendable {
  var numbers = -1  // slot of the column's numbers, -1 = not asked for
  var labels = -1  // slot of its codes and dictionary, -1 = not asked for
  var isLogical = false  // numbers are read from TRUE and FALSE
  var instant: ColumnKind?  // numbers are read from dates or times
  var isNumeric = false  // missing numbers are known by their value, decimal commas are points
  var kind = -1  // slot of what its values look like, -1 = not asked for
  var skipped: Int32 = 0  // fields from here on that nobody asked for and that are not the record's last
}

extension FieldAction {
  /// Says of every field how many are passed over at once.
  static func countSkipped(_ actions: inout [FieldAction]) {
    var run: Int32 = 0
    for field in actions.indices.dropLast().reversed() {
      run = actions[field].isWanted ? 0 : run + 1
      actions[field].skipped = run
    }
  }
}

/// How the records of one source become the requested columns.
struct ParsePlan: Sendable {
  let layout: SourceLayout
  let actions: [FieldAction]  // one per field of the file
  let slots: [FieldAction]  // one per request
  let numberSlots: Int
  let labelSlots: Int
  let missing: MissingTexts
  let decimal: UInt8
  let maximumRecordBytes: Int

  /// - Throws: a requested column that the source does not have.
  init(
    _ requests: [ColumnRequest], layout: SourceLayout, _ options: ReadingOptions
  ) throws(DataError) {
    let missing = MissingTexts(options)
    let looksAtNumbers = options.decimalComma || missing.holdsNumbers
    var actions = [FieldAction](repeating: FieldAction(), count: layout.header.count)
    var positions: [Int] = []
    var (numberSlots, labelSlots) = (0, 0)
    for request in requests {
      let position = try layout.position(of: request.name)
      if request.wantsNumbers, actions[position].numbers < 0 {
        actions[position].numbers = numberSlots
        actions[position].isLogical = request.kind == .logical
        actions[position].instant = request.kind.isInstant ? request.kind : nil
        numberSlots += 1
      }
      if request.wantsLabels, actions[position].labels < 0 {
        actions[position].labels = labelSlots
        labelSlots += 1
      }
      if looksAtNumbers, !actions[position].isLogical, actions[position].instant == nil {
        actions[position].isNumeric = request.wantsNumbers || request.kind == .numeric
      }
      positions.append(position)
    }
    FieldAction.countSkipped(&actions)
    self.layout = layout
    self.actions = actions
    slots = zip(requests, positions).map { request, position in
      var slot = actions[position]
      if !request.wantsNumbers { slot.numbers = -1 }
      if !request.wantsLabels { slot.labels = -1 }
      return slot
    }
    self.numberSlots = numberSlots
    self.labelSlots = labelSlots
    self.missing = missing
    decimal = options.decimalComma ? decimalComma : decimalPoint
    maximumRecordBytes = options.maximumRecordBytes
  }

  /// The plan of a look at all columns: slot k is told what field k is like.
  init(kindsIn layout: SourceLayout, _ options: ReadingOptions) {
    self.layout = layout
    actions = layout.header.indices.map { FieldAction(kind: $0) }
    (slots, numberSlots, labelSlots) = ([], 0, 0)
    missing = MissingTexts(options)
    decimal = options.decimalComma ? decimalComma : decimalPoint
    maximumRecordBytes = options.maximumRecordBytes
  }
}

extension SourceLayout {
  /// Index of a column.
  ///
  /// The empty name is no column.
  /// - Throws: `DataError.Problem.unknownColumn`
  func position(of name: String) throws(DataError) -> Int {
    if let position = positions[name] { return position }
    throw DataError(.unknownColumn(available: header), file: self.name, column: name)
  }
}
