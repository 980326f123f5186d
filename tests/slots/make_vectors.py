#!/usr/bin/env python3
"""The reference of the slot function, and the maker of vectors.json and byte_vectors.json.

It shares no code with docs/slots.md: the hash is the closed sum over Python's unbounded integers, and
UTF-8 is decoded by hand after table 3-7 of the Unicode standard. Plain calls compare the stored files with
what the reference says; --write writes them.

    make_vectors.py            exit 0 when the files are what the reference says, else 1
    make_vectors.py --write    write both files
"""

import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
SLOTS = 1024
MASK = 0xFFFFFFFF

# The table of the design: app, service, method, h, fmix32(h), slot. Written down, not computed.
DESIGN = [
    ("", "", "", 0, 0, 0),
    ("a", "b", "c", 89675814, 2512147665, 209),
    ("ab", "", "c", 92501154, 1126905358, 526),
    ("a", "bc", "", 89678784, 675818206, 734),
    ("order-service", "com.acme.order.OrderApi", "createOrder", 2818348379, 3229336049, 497),
    ("frontend", "HTTP", "GET /cart", 2225042587, 848815084, 1004),
    ("\u652f\u4ed8", "\u8ba2\u5355\u63a5\u53e3", "\u521b\u5efa", 405442839, 2110545888, 992),
    ("emoji", "\U0001f600", "x", 2362309781, 1762756478, 894),
    ("frontend", "frontend", "/" + 2048 * "x", 2418713711, 4089059515, 187),
]


def fmix32(h):
    """MurmurHash3's 32-bit finaliser."""
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        h = (h ^ h >> shift) * factor % 2**32
    return h ^ h >> 16


def unmix32(h):
    """The inverse of fmix32: makes names with a wanted value."""
    h ^= h >> 16
    h = h * pow(0xC2B2AE35, -1, 2**32) % 2**32
    h ^= h >> 13 ^ h >> 26
    h = h * pow(0x85EBCA6B, -1, 2**32) % 2**32
    return h ^ h >> 16


def method_for(h):
    """Returns seven ASCII letters and signs which, as method of ("", "", method), have this h."""
    for turn in range(64):
        rest = h + turn * 2**32 - sum(97 * 31**i for i in range(7))
        digits = []
        for _ in range(7):
            digits.append(rest % 31)
            rest //= 31
        if rest == 0 and all(d < 26 for d in digits):
            return "".join(chr(97 + d) for d in reversed(digits))
    raise ValueError(f"no seven letters have h {h}")


def hash_of_units(units):
    """s[0]*31^(n-1) + ... + s[n-1], and only then modulo 2^32."""
    last = len(units) - 1
    return sum(unit * pow(31, last - i, 2**32) for i, unit in enumerate(units)) % 2**32


def units_of_text(text):
    units = []
    for c in map(ord, text):
        if c < 0x10000:
            units.append(c)
        else:
            units += [0xD7C0 + (c >> 10), 0xDC00 + c % 0x400]
    return units


# Table 3-7: first byte from, to, then the ranges of the bytes that follow.
TAIL = (0x80, 0xBF)
WELL_FORMED = [
    (0x00, 0x7F, []),
    (0xC2, 0xDF, [TAIL]),
    (0xE0, 0xE0, [(0xA0, 0xBF), TAIL]),
    (0xE1, 0xEC, [TAIL, TAIL]),
    (0xED, 0xED, [(0x80, 0x9F), TAIL]),
    (0xEE, 0xEF, [TAIL, TAIL]),
    (0xF0, 0xF0, [(0x90, 0xBF), TAIL, TAIL]),
    (0xF1, 0xF3, [TAIL, TAIL, TAIL]),
    (0xF4, 0xF4, [(0x80, 0x8F), TAIL, TAIL]),
]


def units_of_bytes(data):
    units = []
    at = 0
    while at < len(data):
        three = data[at:at + 3]
        if len(three) == 3 and three[0] == 0xED and three[1] in range(0xA0, 0xC0) and three[2] in range(0x80, 0xC0):
            units.append(0xD000 + (three[1] - 0x80) * 64 + three[2] - 0x80)
            at += 3
            continue
        rows = [tail for first, last, tail in WELL_FORMED if first <= data[at] <= last]
        tail = rows[0] if rows else []
        length = 1
        for low, high in tail:
            if at + length == len(data) or not low <= data[at + length] <= high:
                break
            length += 1
        if rows and length == 1 + len(tail):
            c = data[at] if length == 1 else data[at] % (0x80 >> length)
            for byte in data[at + 1:at + length]:
                c = c * 64 + byte % 64
            units += units_of_text(chr(c))
        else:
            units.append(0xFFFD)
        at += length
    return units


def values(app, service, method):
    h = hash_of_units(app + [0] + service + [0] + method)
    mixed = fmix32(h)
    return {"h": h, "mixed": mixed, "slot": mixed % SLOTS}


def texts():
    yield from (row[:3] for row in DESIGN)
    # Extreme values of h and of fmix32(h).
    yield "polygenelubricants", "", ""  # h = 2^31, Java's most negative hash
    yield "", "", method_for(0xFFFFFFFF)
    yield "", "", method_for(0x7FFFFFFF)
    yield "", "", method_for(0x80000001)
    yield "", "", method_for(unmix32(0xFFFFFFFF))  # slot 1023, negative as a signed int
    yield "", "", method_for(unmix32(0x80000000))  # slot 0, negative as a signed int
    yield "", "", method_for(unmix32(0x7FFFFFFF))
    # Names as tracers write them.
    yield "checkout", "", "HTTP GET /api/v1/users/{id}?full=true&x=%20"
    yield "billing", "com.acme.Invoice$Line", "add(java.lang.String,int[])"
    yield "Billing", "com.acme.Invoice$Line", "add(java.lang.String,int[])"  # other case, other endpoint
    yield "q", 'say "hi"', "back\\slash / tab\t line\r\n del\x7f esc\x1b us\x1f"
    # Blanks count.
    yield "cart", "api", "get"
    yield "cart ", "api", "get"
    yield "cart", "api", "get  "
    yield "cart", " api", "get\u00a0"
    yield " ", "\t", "\u3000"
    # NUL is an ordinary unit; the separator is not escaped.
    yield "\0", "", ""
    yield "a\0b", "", "c"
    yield "a", "b", "\0c"
    yield "nul", "in\0the\0", "\0middle"
    # Composed and decomposed letters differ, nothing is normalised.
    yield "caf\u00e9", "r\u00e9sum\u00e9", "na\u00efve"
    yield "cafe\u0301", "re\u0301sume\u0301", "nai\u0308ve"
    yield "z\u0301\u0327\u0335", "\u0e01\u0e33", "\u0915\u094d\u0937\u093f"
    # Mixed scripts, right to left, marks of direction.
    yield "\u0437\u0430\u043a\u0430\u0437-svc", "\u6ce8\u6587API", "\uac80\uc0c9_\u03b1\u03b2"
    yield "\u05e9\u05dc\u05d5\u05dd", "\u200f\u0645\u0631\u062d\u0628\u0627\u200e", "\u202eabc\u202c"
    # Edges of UTF-8's lengths, a byte order mark, non-characters, the replacement character itself.
    yield "\u007f\u0080", "\u07ff\u0800", "\ud7ff\ue000"
    yield "\ufeffbom", "\ufffe\uffff", "\ufffd"
    yield "\u2028line", "\u2029paragraph", "\u0085"
    # Supplementary characters are two units.
    yield "\U00010000", "\U0010ffff", "\U000103ff\U00010400"
    yield "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f1e9\U0001f1ea", "\U0001f44d\U0001f3fd"
    yield "\U00020bb7\u91ce\u5bb6", "\U0001d518\U0001d52b\U0001d526", "x\U0001f600y"
    # Lone surrogates count as themselves.
    yield "lone", "high", "\ud800"
    yield "lone", "low", "\udfff"
    yield "lone", "swapped", "\udc00\ud800"
    yield "\udbff", "\udc00", "a\ud83d"
    yield "lone", "\ud83dx\ude00", "\ud83d\U0001f600\ude00"
    # Long names.
    yield 5000 * "a", "", "z"
    yield "long", 700 * "\u652f\u4ed8", "m"
    yield "long", "s", 300 * "\U0001f600"


def byte_cases():
    """(app, service, method) as hex."""
    # Well formed: the same values as the text has.
    yield b"emoji".hex(), "f09f9880", b"x".hex()
    yield "f0908080", "", "61"
    yield "eda080edb080", "", "61"  # the same supplementary character as two surrogates: the same two units
    yield "61", "62", "efbfbd"
    yield "61", "62", "efbbbf63"  # a byte order mark is kept
    # Surrogates of three bytes.
    yield "61", "62", "eda080"
    yield "61", "62", "edbfbf"
    yield "61", "62", "edb080eda080"
    yield "61", "62", "edaf80f09f988041"
    # Truncated sequences: one maximal subpart, one U+FFFD.
    yield "61", "62", "c3"
    yield "61", "62", "e282"
    yield "61", "62", "e28241"
    yield "61", "62", "f09f98"
    yield "61", "62", "f09f9841f09f"
    yield "e282", "ac", "f0"  # a sequence does not go on in the next name
    yield "61", "62", "e2e282acf0f09f9880"
    # A surrogate without its third byte is not a subpart of anything well formed: two U+FFFD.
    yield "61", "62", "eda0"
    yield "61", "62", "eda041"
    # Stray continuation bytes, and bytes which no UTF-8 has.
    yield "61", "62", "80"
    yield "61", "62", "bfbf63"
    yield "61", "62", "fffe"
    yield "61", "62", "f5808080"
    yield "61", "62", "f8808080" + "80"
    # Overlong forms and values above U+10FFFF.
    yield "61", "62", "c080"
    yield "61", "62", "e080af"
    yield "61", "62", "e09f80"
    yield "61", "62", "f08080af"
    yield "61", "62", "f4908080"
    yield "61", "62", "f18080e18041"
    # Latin-1 text that was never UTF-8.
    yield b"caf\xe9".hex(), b"M\xfcller GmbH".hex(), b"na\xefve".hex()


def vectors():
    rows = []
    for app, service, method in texts():
        # Python's own text may hold a pair as two surrogates; JSON and UTF-16 cannot tell the difference.
        row = {"app": app, "service": service, "method": method}
        row.update(values(*(units_of_text(name) for name in (app, service, method))))
        rows.append(row)
    for row, design in zip(rows, DESIGN):
        assert tuple(row.values()) == design, f"the reference says {row}, the design {design}"
    return rows


def byte_vectors():
    rows = []
    for names in byte_cases():
        row = dict(zip(("app_hex", "service_hex", "method_hex"), names))
        units = [units_of_bytes(bytes.fromhex(name)) for name in names]
        for name, got in zip(names, units):
            # Away from surrogates Python's decoder is a second opinion.
            if not any(0xD800 <= unit < 0xE000 for unit in got) or b"\xed" not in bytes.fromhex(name):
                assert got == units_of_text(bytes.fromhex(name).decode("utf-8", "replace")), name
        row.update(values(*units))
        rows.append(row)
    return rows


def as_json(rows):
    return "[\n" + ",\n".join(json.dumps(row, ensure_ascii=True) for row in rows) + "\n]\n"


def main():
    bad = 0
    total = 0
    for name, rows in (("vectors.json", vectors()), ("byte_vectors.json", byte_vectors())):
        path = HERE / name
        total += len(rows)
        if sys.argv[1:] == ["--write"]:
            path.write_text(as_json(rows), encoding="ascii", newline="\n")
        elif not path.is_file() or path.read_bytes() != as_json(rows).encode("ascii"):
            print(f"{name} is not what the reference says; look why, then make_vectors.py --write")
            bad = 1
    if not bad:
        print(f"slot vectors: {total} vectors agree with the reference")
    return bad


if __name__ == "__main__":
    sys.exit(main())
