#!/usr/bin/env python3
"""Writes a manual page for the program and one for each command: manpages.py WEBHOOKS FOLDER DATE.

The texts are those of `--help`, from ArgumentParser's `--experimental-dump-help`; mdoc(7), which mandoc and groff read.
"""
import datetime
import json
import re
import subprocess
import sys

STATUSES = [
    ("0", "done, and all delivered"),
    ("1", "done, but a delivery failed or waits, an id is unknown, or a check is negative"),
    ("64", "the command line is wrong"),
    ("65", "the configuration or an event is invalid"),
    ("69", "the store is missing, locked, full or damaged"),
    ("70", "a bug"),
]


def escaped(text):
    """A text as mdoc takes it: no line of it is a macro."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"(?m)^([.'])", r"\\&\1", text)


def sentences(text):
    """A paragraph with each sentence on a line of its own, where a reader is told that one ends."""
    return re.sub(r"(?<=[a-z0-9)`])([.?!]) (?=[A-Z`])", r"\1\n", text)


def prose(text):
    """Paragraphs, and examples as they stand."""
    lines = []
    for block in filter(None, re.split(r"\n\s*\n", text.strip("\n"))):
        if block.startswith("  "):
            lines += [".Bd -literal -offset indent", escaped("\n".join(line[2:] for line in block.splitlines())), ".Ed"]
        else:
            lines += [".Pp", escaped(sentences(block))]
    return lines[1:] if lines[:1] == [".Pp"] else lines


def flag(name):
    prefix = {"long": "\\-", "short": "", "longWithSingleDash": ""}[name["kind"]]
    return f"Fl {prefix}{escaped(name['name'])}"


def value(argument):
    return "Ar " + re.sub(r"[<>]", "", escaped(argument.get("valueName", "value"))).replace(" ", "\\ ")


def shown(command):
    return [a for a in command.get("arguments", []) if a.get("shouldDisplay", True)]


def synopsis(name, command):
    lines = [f".Nm {escaped(name)}"]
    for argument in shown(command):
        if argument["kind"] == "positional":
            text = value(argument) + (" ..." if argument["isRepeating"] else "")
            lines.append(f".Op {text}" if argument["isOptional"] else f".{text}")
        elif argument["preferredName"]["name"] not in ("help", "version"):
            text = flag(argument["preferredName"]) + (f" {value(argument)}" if argument["kind"] == "option" else "")
            lines.append(f".Op {text}" if argument["isOptional"] else f".{text}")
    return lines


def options(command):
    items = []
    for argument in shown(command):
        if argument["kind"] == "positional":
            head = value(argument)
        else:
            suffix = f" {value(argument)}" if argument["kind"] == "option" else ""
            head = " , ".join(flag(name) + suffix for name in argument["names"])
        text = argument.get("abstract", "")
        if argument.get("defaultValue") and "(default:" not in text:
            text += f" (default: {argument['defaultValue']})"
        items += [f".It {head}", escaped(sentences(text.strip())) or "See above."]
    return [".Bl -tag -width indent"] + items + [".El"] if items else []


def page(title, command, date, others):
    name = title.replace(" ", "-")
    abstract = command.get("abstract", "").rstrip(".")
    abstract = abstract[:1].lower() + abstract[1:]
    lines = [f".Dd {date}", f".Dt {escaped(name.upper())} 1", ".Os", ".Sh NAME", f".Nm {escaped(name)}"]
    lines += [f".Nd {escaped(abstract)}", ".Sh SYNOPSIS"]
    nested = [c for c in command.get("subcommands", []) if c["commandName"] != "help"]
    is_program = title == "webhooks"
    if is_program:
        lines += [".Nm webhooks", ".Ar command", ".Op Ar argument ..."]
    elif nested:
        for child in nested:
            lines += synopsis(f"{title} {child['commandName']}", child)
    else:
        lines += synopsis(title, command)
    lines += [".Sh DESCRIPTION"] + (prose(command.get("discussion", "")) or [escaped(command["abstract"])])
    if is_program:
        lines += [".Sh COMMANDS", ".Bl -tag -width indent"]
        for child in nested:
            lines += [f".It Xr {escaped(title + '-' + child['commandName'])} 1", escaped(child["abstract"])]
        lines += [".El", ".Sh ENVIRONMENT", ".Bl -tag -width indent"]
        lines += [".It Ev WEBHOOKS_CONFIG", "The configuration file, where the option", ".Fl \\-config", "names none."]
        lines += [".It Ev NO_COLOR", "Set to anything: no colours.", ".El", ".Sh FILES", ".Bl -tag -width indent"]
        lines += [".It Pa /etc/webhooks/webhooks.yaml", "The configuration of the service."]
        lines += [".It Pa /etc/webhooks/environment", "Variables of the service, for secrets."]
        lines += [".It Pa /var/lib/webhooks/webhooks.sqlite", "The store of the service."]
        lines += [".It Pa /usr/share/doc/webhooks", "Configuration, operation, the log, and what receivers have to know."]
        lines += [".El"]
    elif nested:
        for child in nested:
            lines += [f".Ss {escaped(title + ' ' + child['commandName'])}", escaped(child["abstract"])]
            text = prose(child.get("discussion", ""))
            lines += ([".Pp"] + text if text and not text[0].startswith(".Bd") else text) + options(child)
    else:
        lines += [".Sh OPTIONS"] + options(command)
    lines += [".Sh EXIT STATUS", ".Bl -tag -width indent"]
    for status, text in STATUSES:
        lines += [f".It {status}", escaped(text) + "."]
    lines += [".El", ".Sh SEE ALSO"]
    lines += [f".Xr {escaped(other)} 1 ,".removesuffix(" ,") + (" ," if other != others[-1] else "") for other in others]
    return name, "\n".join(lines) + "\n"


def main():
    program, folder, epoch = sys.argv[1:]
    day = datetime.datetime.fromtimestamp(int(epoch), datetime.timezone.utc)
    date = f"{day:%B} {day.day}, {day.year}"
    root = json.loads(subprocess.check_output([program, "--experimental-dump-help"]))["command"]
    commands = [c for c in root["subcommands"] if c["commandName"] != "help" and c.get("shouldDisplay", True)]
    names = [f"webhooks-{c['commandName']}" for c in commands]
    near = sorted(n for n in names if n in ("webhooks-run", "webhooks-emit", "webhooks-status", "webhooks-doctor"))
    pages = [page("webhooks", root, date, near)]
    pages += [page(f"webhooks {c['commandName']}", c, date, ["webhooks"]) for c in commands]
    for name, text in pages:
        with open(f"{folder}/{name}.1", "w") as file:
            file.write(text)


main()
