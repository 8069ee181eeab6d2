// SPDX-License-Identifier: GPL-2.0-or-later
import TestSupport

/// What option values are drawn from.
enum FuzzVocabulary {
  struct Option: Sendable {
    let name: String
    /// What stands for the value, with ? for what is drawn.
    var form = "?"
  }

  struct Command: Sendable {
    let arguments: [String]
    let options: [Option]
  }

  private static func options(_ text: String) -> [Option] {
    text.split(separator: " ").map { word in
      let parts = word.split(separator: "~", maxSplits: 1)
      return Option(
        name: String(parts[0]), form: parts.count > 1 ? String(parts[1]) : "?")
    }
  }

  private static let reading =
    " --factor --levels --levels~Subject=? --contrasts --contrasts~Subject=? --na --missing --separator"
    + " --decimal --encoding"
  private static let search =
    " --optimizer --start --start~?,0,? --max-evaluations --tolerance --solver --accuracy --probe-seed --threads"
  private static let held = " --theta --theta~?,0,? --sigma --hold --hold~sd_Days|Subject=?"
    + " --hold~cor_Days.(Intercept)|Subject=? --hold~?=1"
  private static let levels = " --absorb --absorb~Subject,? --residual-by --residual-by~~? --residual-by~~Days+?"
    + " --relationship --relationship~Subject=? --relationship~?=@ --precision --precision~Subject=?"
  private static let residuals = " --residual --residual~us(Days|?) --residual~?(Days|Subject)"
    + " --residual~ar1(?|Subject) --residual~toep(Days|?/Subject) --residual~us(Days|Subject,?)"
  private static let model = " --weights --weights~1/? --offset" + reading + search + held + levels
  private static let report = " --format --digits"
  private static let tests = " --ddf --vcov --cluster"
  private static let truth =
    " --beta --beta~?,? --sd --sd~g=? --corr --corr~g=? --sigma --imbalance --imbalance~g=gamma(?)"
    + " --imbalance~g=lognormal(?) --imbalance~g=zipf(?) --covariate --covariate~x=? --covariate~x=normal(?,?)"
    + " --covariate~x=uniform(0,?) --covariate~x=lognormal(?,?) --covariate~x=exponential(?)"
    + " --covariate~x=gamma(?,?) --covariate~x=bernoulli(?) --covariate~x=poisson(?) --covariate~x=0..?"
    + " --covariate~x=?..? --covariate~x=a|b*? --covariate~x=1|2*? --contrasts --weights --levels --levels~g=?"

  private static let written: [Command] = [
    Command(
      arguments: ["fit", "FORMULA", "DATA"], options: options(model + report + tests)),
    Command(
      arguments: ["fit", "Reaction ~ Days", "DATA"],
      options: options(residuals + residuals + levels + tests + report)),
    Command(
      arguments: ["fit", "FORMULA", "DATA", "--vcov", "CR2"], options: options(tests + report)),
    Command(arguments: ["fit", "MODEL"], options: options("--add --add~(?|Subject) --drop --start")),
    Command(arguments: ["fit", "~ Days + (1 | Subject)", "DATA"], options: options("--responses --responses~Reaction,?")),
    Command(arguments: ["plan", "FORMULA", "DATA"], options: options(model)),
    Command(arguments: ["summary", "MODEL"], options: options(tests + report)),
    Command(arguments: ["fixef", "MODEL"], options: options(tests + report)),
    Command(arguments: ["select", "MODEL"], options: options("--by --alpha --most" + report)),
    Command(arguments: ["pool", "MODEL", "MODEL"], options: options("--level" + tests + report)),
    Command(
      arguments: ["anova", "FORMULA", "--data", "DATA"],
      options: options("--type" + model + report + tests)),
    Command(
      arguments: ["anova", "FORMULA", "Reaction ~ Days + (1 | Subject)", "--data", "DATA"],
      options: options("--boundary --simulations --replicates --seed" + model + report)),
    Command(arguments: ["drop1", "MODEL"], options: options("--ddf --format --threads --tolerance")),
    Command(
      arguments: ["ranova", "MODEL"],
      options: options("--boundary --simulations --seed --format --max-evaluations --tolerance")),
    Command(
      arguments: ["contrast", "MODEL", "--L", "0,1"],
      options: options("--L --L~?,? --hypothesis --hypothesis~Days=? --hypothesis~?*Days=1 --level --ddf --format")),
    Command(
      arguments: ["confint", "MODEL"],
      options: options("--level --parameters --method --format --threads --tolerance --max-evaluations")),
    Command(
      arguments: ["confint", "MODEL", "--method", "bootstrap", "--replicates", "5"],
      options: options("--level --replicates --seed --interval --threads")),
    Command(
      arguments: ["emmeans", "MODEL", "~ 1"],
      options: options("--at --at~Days=? --level --adjust --cell-weights --trends --show --type" + tests + report)),
    Command(
      arguments: ["emmeans", "Reaction ~ Subject + (1 | Days)", "~ Subject", "--data", "DATA"],
      options: options("--compare --control --custom --custom~a=?,? --adjust --level --at~Subject=?")),
    Command(
      arguments: ["variance", "MODEL"],
      options: options("--format --threads --level --ratio --ratio~Subject/? --ratio~?*Residual --ratio~(?")),
    Command(
      arguments: ["bootstrap", "MODEL", "--replicates", "5"],
      options: options("--replicates --seed --level --threads --format")),
    Command(arguments: ["ranef", "MODEL"], options: options("--format --threads")),
    Command(
      arguments: ["predict", "MODEL", "--data", "DATA"],
      options: options("--random --interval --level --ddf --columns --missing --separator --threads")),
    Command(
      arguments: ["augment", "MODEL", "--data", "DATA"],
      options: options("--influence-by --columns --missing --separator --threads")),
    Command(
      arguments: ["simulate", "MODEL", "--data", "DATA"],
      options: options("--replicates --seed --random --columns --threads")),
    Command(
      arguments: ["simulate", "y ~ x + (1 | g)"],
      options: options("--rows --rows-per --rows-per~g=? --seed --threads" + truth)),
    Command(
      arguments: ["simulate", "slopes100k", "--rows", "1000", "--levels", "g=10"],
      options: options("--rows --levels --levels~g=? --seed --threads")),
    Command(
      arguments: ["study", "y ~ x + (1 | g)", "--replicates", "2", "--no-figures"],
      options: options(
        "--replicates --seed --method --level --rows --rows-per --rows-per~g=? --levels~g=?,5 --threads" + truth)),
    Command(
      arguments: ["plot", "caterpillar", "MODEL", "--terminal"],
      options: options("--group --layout --threads")),
    Command(
      arguments: ["plot", "residuals", "MODEL", "-o", "/dev/null"],
      options: options("--size --size~?x? --title --xlabel --ylabel --x")),
    Command(arguments: ["plot", "profile", "MODEL", "--terminal"], options: options("--parameter")),
    Command(
      arguments: [
        "variance", "Reaction ~ I(Days^2)", "--absorb", "Subject,Days", "--data", "DATA", "--decompose", "Subject,Days",
      ],
      options: options("--decompose --decompose~Subject,? --seed --method --level")),
    Command(arguments: ["fixef", "Reaction ~ Days | Subject", "--data", "DATA", "--absorbed"], options: options(reading)),
    Command(
      arguments: ["fit", "Reaction ~ Subject + (1 | Days)", "DATA"], options: options("--sparse-fixed --sparse-fixed~Subject,?")),
    Command(arguments: ["report", "MODEL", "-o", "/dev/null"], options: options(tests)),
    Command(
      arguments: ["crossprod", "FORMULA", "DATA", "-o", "/dev/null"],
      options: options("--weights --offset --threads" + reading)),
  ]

  /// Files that nobody means would be written.
  static let writing: Set = [
    "--output", "--save", "--checkpoint", "--csv", "--curves", "--replicates-file", "--figures",
  ]

  /// The commands above, each with the forms of values written there and all options that it has.
  static func commands() throws -> [Command] {
    let named = try ToolOption.ofCommands()
    return written.map { command in
      let others = (named[command.arguments[0]] ?? []).filter { !writing.contains($0) }
      return Command(
        arguments: command.arguments, options: command.options + others.map { Option(name: $0) })
    }
  }

  /// Some 150.
  static let values: [String] =
    [
      "", " ", "0", "-0", "1", "-1", "2", "3", "5", "10", "00", "007", "+1", "1.0", "1.5", "-1.5",
      "1e0", "1e1", "1e3", "1e6", "1e15", "1e100", "1e101", "1e154", "1e155", "1e308", "1e309", "1e400", "-1e308",
      "-1e400", "1e-15", "1e-100", "1e-308", "5e-324", "1e-400", "1e99999999999999999999",
      "0.5", "0.95", "0.999999999999999999", "0.9999999999999999", "1e-17", ".5", "5.", ".", "e", "1e", "e1",
      "nan", "NaN", "-nan", "inf", "-inf", "Inf", "Infinity", "NA", "NULL", "null", "none", "all", "auto",
      "0x10", "0x1p3", "0b11", "0o7", "1_000", "1,000", "1,5", "1.5.5", "1 000", "1'000",
      "127", "128", "255", "256", "1000", "1024", "1025", "32767", "32768", "65535", "65536", "999999", "1000000", "1000001",
      "16777216", "100000000", "100000001", "2147483647", "2147483648", "-2147483648", "-2147483649",
      "4294967295", "4294967296", "4294967297", "9007199254740993", "1000000000000", "1000000000001",
      "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
      "18446744073709551615", "18446744073709551616", "99999999999999999999", "340282366920938463463374607431768211456",
      "1K", "1k", "1M", "1G", "1GB", "10%", "1s", "100ms", "1/2", "1+1", "2^31", "1:5", "1..5", "5..1",
      "0,0", "0,1", "1,0,1", ",", ",,", "1,", ",1", "a", "a,b", "a=b", "=", "a=", "=a", "a=1,b", "g=1", "x=1", "|", "a|b",
      "--", "-", "--help", "Subject", "Days", "Reaction", "Subject=308", "~ 1", "~ (1 | Subject)", "(", ")", "()", "((((((((",
      "normal(0,1)", "gamma(2,1)", "treatment", "sum", "poly", "@", "@/dev/null", "@/nonexistent", "tab", "\\t", "\t", "\n", ";",
      "\u{661}\u{662}", "\u{FF11}", "\u{FEFF}1", "1\u{301}", "\u{202E}1", "é", "\u{1F600}", "'", "\"", "`", "$(id)", "\\", "%n%s",
    ] + [String(repeating: "9", count: 400), String(repeating: "x", count: 20_000), String(repeating: "1,", count: 5000)]
}

/// Options that the tool says it has.
enum ToolOption {
  /// Names of those that take a value, by command.
  static func ofCommands() throws -> [String: [String]] {
    let help = try ToolProcess("--experimental-dump-help").json
    let commands = (help["command"] as? [String: Any])?["subcommands"] as? [[String: Any]] ?? []
    return Dictionary(
      uniqueKeysWithValues: commands.map { command in
        let arguments = command["arguments"] as? [[String: Any]] ?? []
        let names = arguments.filter { $0["kind"] as? String == "option" }
          .flatMap { $0["names"] as? [[String: Any]] ?? [] }
          .filter { $0["kind"] as? String == "long" }.compactMap { $0["name"] as? String }
        return (command["commandName"] as? String ?? "", names.map { "--" + $0 })
      })
  }
}
