#!/usr/bin/env python3
"""Prints what a reader of the sources meets, beside the aims: `make figures`. Fails where ARCHITECTURE.md leads nowhere."""
import glob
import os
import re
import statistics
import sys

# The walk of an emit, as ARCHITECTURE.md tells it: the stops, and the values that are handed from one to the next. What is
# named here has to exist.
STOPS = """
    WebhookDispatcher ConfigurationSnapshot EngineRunner DeliveryEngine CommitPipeline SQLiteStore BatchSession
    CompiledSubscription CurlTransport Shard Exchange AttemptDecision LogObserver
""".split()
RECORDS = """
    Event EmitRequest PreparedDeliveries PendingAcceptance StoreBatch Acceptance NewDelivery StoreBatchResult EmitReply
    EmitReceipt InFlightAttempt SendAction AttemptContext PreparedRequest TransportOrder TransportRequest TransportResult
    FinishedAttempt AttemptDecision RecordedAttempt AttemptWrite
""".split()
RIDDLE = re.compile(r"(What|Who|Whose|Whether|How|Where|Which|When|Why|Since when|Until when|Those|That|So|Of)\b")
TYPE = re.compile(r"^\s*(?:(?:public|package|internal|private|fileprivate|final|indirect)\s+)*"
                  r"(?:struct|enum|class|actor|protocol)\s+(\w+)")


def summaries(lines):
    """The first lines of the documentation comments, with the declarations that they are about."""
    for number, line in enumerate(lines):
        match = re.match(r"\s*/// (.*)", line)
        if not match or (number and lines[number - 1].lstrip().startswith("///")):
            continue
        after = number
        while after < len(lines) and re.match(r"\s*(///|@)", lines[after]):
            after += 1
        yield number + 1, match.group(1), lines[after] if after < len(lines) else ""


def dead_ends(text, files):
    """What a text names in `…` and the sources lack: files and folders by the end of their paths, functions behind a file."""
    known = {part for path in files for part in (path, os.path.dirname(path))}
    for match in re.finditer(r"`([\w+./]+)`(?: \(((?:`\w+`(?:, )?)+)\))?", text):
        name = match.group(1)
        if not (name.endswith(".swift") or re.match(r"Webhook\w*/", name)):
            continue
        paths = [path for path in known if path == "Sources/" + name or path.endswith("/" + name)]
        if not paths:
            yield name
        for function in re.findall(r"`([a-z]\w*)`", match.group(2) or ""):
            if not any(re.search(rf"func {function}[(<]", "\n".join(files.get(path, []))) for path in paths):
                yield f"{function} of {name}"


def main(is_verbose):
    files = {}
    for path in sorted(glob.glob("Sources/**/*.swift", recursive=True)):
        with open(path) as file:
            files[path] = file.read().splitlines()
    lengths = [len(lines) for lines in files.values()]
    declared = {}
    riddles, total = {"type": [], "member": []}, {"type": 0, "member": 0}
    for path, lines in files.items():
        for line in lines:
            if match := TYPE.match(line):
                declared.setdefault(match.group(1), path)
        for number, summary, declaration in summaries(lines):
            kind = "type" if TYPE.match(declaration) else "member"
            total[kind] += 1
            if RIDDLE.match(summary):
                riddles[kind].append(f"{path}:{number}: {summary}")
    exports = [line for line in files["Sources/Webhooks/Exports.swift"] if line.startswith("@_exported")]
    own = [line for path, lines in files.items() if path.startswith("Sources/Webhooks/")
           for line in lines if line.startswith("public ") and TYPE.match(line)]
    missing = [name for name in STOPS + RECORDS if name not in declared]
    if missing:
        sys.exit(f"the walk of an emit has changed: {', '.join(missing)}")
    with open("ARCHITECTURE.md") as file:
        if lost := list(dead_ends(file.read(), files)):
            sys.exit(f"ARCHITECTURE.md names what isn't there: {', '.join(lost)}")
    walk = {declared[name] for name in STOPS + RECORDS}
    rows = [
        ("files", len(files), "about 300"),
        ("lines of a file, median", statistics.median(lengths), "80 to 110"),
        ("lines of the longest file", max(lengths), "400"),
        ("files under 20 lines", sum(length < 20 for length in lengths), "few"),
        ("summaries of types that ask", f"{100 * len(riddles['type']) / total['type']:.1f} %", "under 2 %"),
        ("summaries of members that ask", f"{100 * len(riddles['member']) / total['member']:.1f} %", "under 2 %"),
        ("stops of one emit", len(STOPS), "at most 14"),
        ("values of one emit", len(RECORDS), "at most 12"),
        ("files of both", len(walk), "at most 30"),
        ("types that a host sees", len(exports) + len(own), "as few as can be"),
    ]
    for name, figure, aim in rows:
        print(f"{name:32}{str(figure):>8}   aim: {aim}")
    if is_verbose:
        print("\n".join(riddles["type"] + riddles["member"]))


main("-v" in sys.argv)
