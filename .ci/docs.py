#!/usr/bin/env python3
"""Builds the documentation of the product Webhooks into .build/docs: .ci/docs.py BIN, the folder that `swift build` filled.

Fails on a warning, such as a link that leads nowhere, and on a public declaration without a comment.
"""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

CATALOGUE = "Sources/Webhooks/Webhooks.docc"
OUTPUT = ".build/docs"


def module_folders(binaries):
    """The folders with the Swift modules, and with the module maps of what is C in our graph."""
    maps = [f"{binaries}/*.build", "Sources/*/include", "Sources/C*", ".build/checkouts/*/Sources/*/include"]
    maps.append(".build/checkouts/*/Sources/*")
    folders = [folder for pattern in maps for folder in sorted(glob.glob(pattern))]
    return [f"{binaries}/Modules"] + [f for f in folders if os.path.exists(f"{f}/module.modulemap")]


def graph_of(module, binaries, folder):
    """The symbol graph of a module's public declarations."""
    target = json.loads(subprocess.check_output(["swift", "-print-target-info"]))["target"]["triple"]
    command = ["swift", "symbolgraph-extract", "-module-name", module, "-target", target, "-output-dir", folder]
    command += ["-minimum-access-level", "public", "-skip-synthesized-members", "-skip-inherited-docs"]
    for path in module_folders(binaries):
        command += ["-I", path]
    # libpq's headers have a folder of their own.
    command += subprocess.check_output(["pkg-config", "--cflags-only-I", "libpq"], text=True).split()
    subprocess.check_call(command)
    with open(f"{folder}/{module}.symbols.json") as file:
        return json.load(file)


def extract(binaries, folder):
    """Writes the symbol graph of what `import Webhooks` brings: its own, and what it re-exports. Returns the symbols."""
    with open("Sources/Webhooks/Exports.swift") as file:
        exported = set(re.findall(r"^@_exported public import \w+ WebhookCore\.(\w+)$", file.read(), re.MULTILINE))
    with tempfile.TemporaryDirectory() as own:
        graph = graph_of("Webhooks", binaries, own)
        core = graph_of("WebhookCore", binaries, own)
    symbols = [symbol for symbol in core["symbols"] if symbol["pathComponents"][0] in exported]
    graph["symbols"] += symbols
    known = {symbol["identifier"]["precise"] for symbol in symbols}
    graph["relationships"] += [edge for edge in core["relationships"] if edge["source"] in known]
    with open(f"{folder}/Webhooks.symbols.json", "w") as file:
        json.dump(graph, file, sort_keys=True)
    return graph["symbols"]


def undocumented(symbols):
    """The declarations in our sources without a comment; those that the compiler makes have no place."""
    for symbol in symbols:
        if "docComment" not in symbol and "location" in symbol:
            path = symbol["location"]["uri"].removeprefix("file://")
            line = symbol["location"]["position"]["line"] + 1
            yield f"{os.path.relpath(path)}:{line}: error: {'.'.join(symbol['pathComponents'])} has no comment"


def main(binaries):
    graphs = ".build/docs-symbols"
    for folder in (graphs, OUTPUT):
        shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(graphs)
    problems = sorted(undocumented(extract(binaries, graphs)))
    if problems:
        sys.exit("\n".join(problems))
    # Sorted keys and no random seed: the same sources give the same bytes.
    subprocess.check_call([
        "docc", "convert", CATALOGUE, "--additional-symbol-graph-dir", graphs, "--output-dir", OUTPUT,
        "--fallback-display-name", "Webhooks", "--fallback-bundle-identifier", "swift-webhooks.Webhooks",
        "--fallback-default-module-kind", "Library", "--warnings-as-errors",
    ], env=os.environ | {"SWIFT_DETERMINISTIC_HASHING": "1", "DOCC_JSON_PRETTYPRINT": "YES"})


main(sys.argv[1])
