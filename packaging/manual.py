#!/usr/bin/env python3
"""Writes the manual pages of a command from its own help, so that they cannot disagree.

    manual.py COMMAND FOLDER VERSION [SECTIONS]

COMMAND is asked for its description (`--experimental-dump-help`); FOLDER gets one page for it and one for each of its
subcommands. SECTIONS is a file of roff appended to the first page (files, environment, exit status).
"""
import json
import os
import subprocess
import sys
import time


def escaped(text):
    """Text as roff shows it unchanged: no control line, no escape, dashes that can be copied."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in text.split("\n"))


def paragraphs(text):
    """Those that are indented are examples, whose lines stay as they are."""
    def paragraph(part):
        return f".nf\n{escaped(part)}\n.fi" if part.startswith("  ") else escaped(part)

    return "\n.PP\n".join(paragraph(part) for part in text.split("\n\n"))


def spelled(argument):
    """-o, --output <file>"""
    if argument["kind"] == "positional":
        return r"\fI" + escaped(argument["valueName"]) + r"\fR"
    names = [("-" if name["kind"] == "short" else "--") + name["name"] for name in argument["names"]]
    text = ", ".join(r"\fB" + escaped(name) + r"\fR" for name in names)
    return text + (r" \fI" + escaped(argument["valueName"]) + r"\fR" if argument["kind"] == "option" else "")


def explained(argument):
    text = argument.get("abstract", "")
    if argument.get("discussion"):
        text += "\n\n" + argument["discussion"]
    values = argument.get("allValues")
    if values:
        text += (" " if text else "") + "One of: " + ", ".join(values) + "."
    default = argument.get("defaultValue")
    return text + (f" Default: {default}." if default not in (None, "") else "")


def synopsis(name, arguments, subcommands):
    words = [r"\fB" + escaped(name) + r"\fR"]
    if subcommands:
        return words[0] + r" \fIcommand\fR ..."
    if any(argument["kind"] != "positional" for argument in arguments):
        words.append(r"[\fIoptions\fR]")
    for argument in arguments:
        if argument["kind"] == "positional":
            word = spelled(argument) + (" ..." if argument.get("isRepeating") else "")
            words.append(f"[{word}]" if argument.get("isOptional") else word)
    return " ".join(words)


def page(command, version, date, sections=""):
    name = " ".join(command.get("superCommands", []) + [command["commandName"]])
    arguments = [a for a in command.get("arguments", []) if a.get("shouldDisplay", True)]
    subcommands = [c for c in command.get("subcommands", []) if c.get("shouldDisplay", True) and c["commandName"] != "help"]
    dashed = name.replace(" ", "-")
    abstract = command.get("abstract", "").rstrip(".")
    lines = [
        f'.TH "{escaped(dashed.upper())}" 1 "{date}" "makima {escaped(version)}" "User Commands"',
        ".SH NAME", escaped(f"{dashed} - {abstract}"),
        ".SH SYNOPSIS", synopsis(name, arguments, subcommands),
        ".SH DESCRIPTION", paragraphs(command.get("abstract", "")),
    ]
    if command.get("discussion"):
        lines += [".PP", paragraphs(command["discussion"])]
    if subcommands:
        lines.append(".SH COMMANDS")
        for sub in subcommands:
            lines += [".TP", r"\fB" + escaped(dashed + "-" + sub["commandName"]) + r"\fR(1)", escaped(sub.get("abstract", ""))]
    if arguments:
        lines.append(".SH OPTIONS")
        for argument in arguments:
            lines += [".TP", spelled(argument), paragraphs(explained(argument)).replace(".PP", ".IP")]
    if sections:
        lines.append(sections.rstrip("\n"))
    above = "-".join(command.get("superCommands", []))
    if above:
        lines += [".SH SEE ALSO", r"\fB" + escaped(above) + r"\fR(1)"]
    return dashed, "\n".join(lines) + "\n"


def every(command):
    yield command
    for sub in command.get("subcommands", []):
        if sub.get("shouldDisplay", True) and sub["commandName"] != "help":
            yield from every(sub)


def main():
    program, folder, version = sys.argv[1:4]
    sections = open(sys.argv[4], encoding="utf-8").read() if len(sys.argv) > 4 else ""
    answer = subprocess.run([program, "--experimental-dump-help"], check=True, capture_output=True, text=True).stdout
    date = time.strftime("%Y-%m-%d", time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", time.time()))))
    root = json.loads(answer)["command"]
    os.makedirs(folder, exist_ok=True)
    for command in every(root):
        name, text = page(command, version, date, sections if command is root else "")
        with open(f"{folder}/{name}.1", "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    main()
