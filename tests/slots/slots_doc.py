#!/usr/bin/env python3
"""Reads the code blocks of docs/slots.md and the vectors, for the checks beside this file.

    slots_doc.py block LANGUAGE [SLOTS.MD]   prints the one block marked ```LANGUAGE
    slots_doc.py pipeline [SLOTS.MD]         prints the one JSON block that is an ingest pipeline
    slots_doc.py units                       the vectors as tab separated app, service, method, mixed; names as
                                             UTF-16 code units, four hex digits each
    slots_doc.py bytes                       all vectors, those of byte_vectors.json too; names as bytes in hex
"""

import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
PAGE = HERE.parent.parent / "docs" / "slots.md"
NAMES = ("app", "service", "method")


def blocks(language, page):
    text = pathlib.Path(page).read_text(encoding="utf-8")
    return re.findall(rf"^```{re.escape(language)}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def block(language, page=PAGE):
    found = blocks(language, page)
    if len(found) != 1:
        raise SystemExit(f"{page} has {len(found)} blocks marked {language}, not 1")
    return found[0]


def pipeline(page=PAGE):
    """Returns the text of the pipeline, whose script must be the painless block."""
    found = [text for text in blocks("json", page) if "processors" in json.loads(text)]
    if len(found) != 1:
        raise SystemExit(f"{page} has {len(found)} ingest pipelines, not 1")
    if json.loads(found[0])["processors"][0]["script"]["source"] != block("painless", page):
        raise SystemExit(f"{page}: the pipeline's source is not the painless block; json.dumps() of the block is wanted")
    return found[0]


def vectors():
    return json.loads((HERE / "vectors.json").read_text(encoding="ascii"))


def byte_vectors():
    return json.loads((HERE / "byte_vectors.json").read_text(encoding="ascii"))


def utf16(name):
    return name.encode("utf-16-be", "surrogatepass")


def wtf8(name):
    """Pairs become characters, lone surrogates keep three bytes."""
    return utf16(name).decode("utf-16-be", "surrogatepass").encode("utf-8", "surrogatepass")


def print_rows(rows):
    if not rows:
        raise SystemExit("no vectors")
    for row in rows:
        print("\t".join(row))


def main(arguments):
    match arguments:
        case ["block", language]:
            print(block(language), end="")
        case ["block", language, page]:
            print(block(language, page), end="")
        case ["pipeline"]:
            print(pipeline(), end="")
        case ["pipeline", page]:
            print(pipeline(page), end="")
        case ["units"]:
            print_rows([[utf16(v[n]).hex() for n in NAMES] + [str(v["mixed"])] for v in vectors()])
        case ["bytes"]:
            print_rows(
                [[wtf8(v[n]).hex() for n in NAMES] + [str(v["mixed"])] for v in vectors()]
                + [[v[n + "_hex"] for n in NAMES] + [str(v["mixed"])] for v in byte_vectors()]
            )
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
