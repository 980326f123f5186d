#!/bin/sh
""":"
# For the shell, which comes first: without Python this is a skipped check, not a failed one.
command -v python3 >/dev/null || { echo 'SKIPPED: slots in Python: no python3 on this machine'; exit 77; }
exec python3 "$0" "$@"
"""
# Runs the Python block of docs/slots.md on all vectors, and compares the page's table with them:
# check_python.py [SLOTS.MD]

import re
import sys

sys.dont_write_bytecode = True  # nothing is left in the tree
import slots_doc

SLOTS = (1, 2, 7, 1000, 1024, 65536, 2147483647)


def main():
    page = sys.argv[1] if len(sys.argv) > 1 else slots_doc.PAGE
    scope = {}
    exec(compile(slots_doc.block("python", page), str(page), "exec"), scope)
    slot = scope["slot"]

    cases = []
    for v in slots_doc.vectors():
        names = [v[n] for n in slots_doc.NAMES]
        cases += [(names, v), ([slots_doc.wtf8(name) for name in names], v)]
    cases += [([bytes.fromhex(v[n + "_hex"]) for n in slots_doc.NAMES], v) for v in slots_doc.byte_vectors()]

    bad = 0
    for names, v in cases:
        for slots in SLOTS:
            got, want = slot(*names, slots), v["mixed"] % slots
            if got != want:
                bad += 1
                print(f"{names!a:.200} of {slots} slots: {got}, not {want}")
        if v["slot"] != v["mixed"] % 1024 or slot(*names) != v["slot"]:
            bad += 1
            print(f"{names!a:.200}: the slot of 1024 differs")

    # The rows of the table: three names, then three numbers.
    table = re.findall(
        r"^\| [^|]+ \| [^|]+ \| [^|]+ \| (\d+) \| (\d+) \| (\d+) \|$",
        open(page, encoding="utf-8").read(),
        re.MULTILINE,
    )
    for row, v in zip(table, slots_doc.vectors()):
        if tuple(map(int, row)) != (v["h"], v["mixed"], v["slot"]):
            bad += 1
            print(f"the table says {row}, the vectors {v!a:.200}")
    if len(table) != 9:
        bad += 1
        print(f"the table has {len(table)} rows, not 9")

    if bad:
        print(f"slots in Python: {bad} differences")
        return 1
    count = len(slots_doc.vectors()) + len(slots_doc.byte_vectors())
    print(f"slots in Python: {count} vectors checked with {len(SLOTS)} slot counts each")
    return 0


if __name__ == "__main__":
    sys.exit(main())
