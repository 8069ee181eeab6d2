# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes manual pages from the help texts: lmm-sparse --experimental-dump-help | manual.py VERSION DATE FOLDER

One page for the program and one for every command, gzipped, as Debian has them.
"""
import gzip
import json
import sys
from pathlib import Path


def escaped(text):
    """Text that roff shows as it is."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text[:1] in (".", "'") else text


def paragraphs(text):
    """Running text, and indented lines as they are."""
    lines, is_verbatim = [], False
    for line in text.strip("\n").split("\n"):
        indented = line.startswith("    ")
        if indented != is_verbatim and line.strip():
            lines.append(".RS 4\n.nf" if indented else ".fi\n.RE")
            is_verbatim = indented
        if not line.strip():
            lines.append("" if is_verbatim else ".PP")
        else:
            lines.append(escaped(line[4:] if indented else line))
    return "\n".join(lines + [".fi\n.RE"] * is_verbatim)


def spelled(argument):
    """An argument as it is written: \\fB\\-o\\fR, \\fB\\-\\-output\\fR \\fIfile\\fR."""
    value = "\\fI" + escaped(argument.get("valueName") or "value") + "\\fR"
    if argument["kind"] == "positional":
        return value + (" ..." if argument["isRepeating"] else "")
    dashes = {"long": "--", "short": "-", "longWithSingleDash": "-"}
    names = ["\\fB" + escaped(dashes[name["kind"]] + name["name"]) + "\\fR" for name in argument["names"]]
    return ", ".join(names) + (" " + value if argument["kind"] == "option" else "")


def described(argument):
    words = argument.get("abstract", "")
    values = argument.get("allValues") or argument.get("allValueStrings") or []
    if values and argument["kind"] == "option":
        words += f" One of {', '.join(values)}."
    default = argument.get("defaultValue")
    if default and "default" not in words and argument["kind"] == "option":
        words += f" Default: {default}."
    return words.strip()


def synopsis(name, arguments):
    words = [f".B {escaped(name)}"]
    if any(a["kind"] != "positional" for a in arguments):
        words.append("[options]")
    for argument in arguments:
        if argument["kind"] == "positional":
            value = spelled(argument)
            words.append(f"[{value}]" if argument["isOptional"] else value)
    return "\n".join(words)


def page(command, version, date):
    names = [*command.get("superCommands", []), command["commandName"]]
    title = "-".join(names)
    arguments = [a for a in command.get("arguments", []) if a.get("shouldDisplay", True)]
    commands = [c for c in command.get("subcommands", []) if c.get("shouldDisplay", True) and c["commandName"] != "help"]
    text = [
        f'.TH "{escaped(title.upper())}" "1" "{date}" "lmm\\-sparse {version}" "User commands"',
        ".SH NAME", f"{escaped(title)} \\- {escaped(command.get('abstract', '').rstrip('.'))}",
        ".SH SYNOPSIS",
        f".B {escaped(names[0])}\n\\fIcommand\\fR ..." if commands else synopsis(" ".join(names), arguments),
    ]
    if command.get("discussion"):
        text += [".SH DESCRIPTION", paragraphs(command["discussion"])]
    if commands:
        text.append(".SH COMMANDS")
        for other in commands:
            text += [f".TP\n.B {escaped(other['commandName'])}", escaped(other.get("abstract", ""))]
    sections = {}
    for argument in arguments:
        title_of = "Arguments" if argument["kind"] == "positional" else argument.get("sectionTitle") or "Options"
        sections.setdefault(title_of.upper(), []).append(argument)
    for name, members in sections.items():
        text.append(f".SH {escaped(name)}")
        for argument in members:
            text += [f".TP\n{spelled(argument)}", escaped(described(argument)) or "\\&"]
    text.append(".SH SEE ALSO")
    if commands:
        pages = [f"{escaped(title)}\\-{escaped(other['commandName'])}" for other in commands]
    else:
        pages = [escaped(names[0])]
    text.append(",\n".join(f".BR {page} (1)" for page in pages))
    return title, "\n".join(text) + "\n"


def main():
    version, date, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    folder.mkdir(parents=True, exist_ok=True)
    root = json.load(sys.stdin)["command"]
    for command in [root] + [c for c in root["subcommands"] if c["commandName"] != "help"]:
        title, text = page(command, version, date)
        with gzip.GzipFile(folder / f"{title}.1.gz", "wb", mtime=0) as file:
            file.write(text.encode())


if __name__ == "__main__":
    main()
