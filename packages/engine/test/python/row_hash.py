"""Canonical text and row hash after docs/canonical-text.md, with nothing but Python's own library.

    python3 row_hash.py docs/row-hash-vectors.json

prints how many of the published test vectors it reproduces, and ends with 1 where one is another.
"""

import hashlib
import json
import re
import struct
import sys

MOMENT = re.compile(r"(-?\d{4,})-(\d\d)-(\d\d)(?:[T ](\d\d:\d\d:\d\d(?:\.\d+)?)(Z|[+-]\d\d:\d\d)?)?$")


def frame(text):
    return "N" if text is None else f"{len(text.encode())}:{text}"


def frames(texts):
    return "".join(frame(text) for text in texts)


def row_hash(columns):
    """columns: pairs of a name and a canonical text"""
    ordered = sorted(columns, key=lambda column: column[0].encode())
    return hashlib.sha256(frames(text for _, text in ordered).encode()).hexdigest()


def canonical(of, value):
    if value is None:
        return None
    if isinstance(of, str):
        return scalar(re.sub(r"\(.*", "", of), value)
    ((kind, part),) = of.items()
    if kind == "list":
        return frames(canonical(part, item) for item in value)
    if kind == "map":
        return frames(frames([canonical(part[0], k), canonical(part[1], v)]) for k, v in value)
    if kind == "struct":
        return frames(canonical(field, value[name]) for name, field in part.items())
    if kind == "union":
        tag, held = value
        return frames([tag, canonical(part[tag], held)])
    raise ValueError(kind)


def scalar(kind, value):
    if kind == "interval":
        return f"{value['months']} {value['days']} {value['micros']}"
    if kind in ("bool", "text", "json", "bit"):
        return value
    if kind in ("int16", "int32", "int64"):
        return str(int(value))
    if kind == "decimal":
        return decimal(value)
    if kind == "float64":
        return floating(float(value), 64)
    if kind == "float32":
        return floating(as32(float(value)), 32)
    if kind in ("bytes", "uuid"):
        return value.lower()
    if value in ("infinity", "-infinity"):
        return value
    if kind == "time":
        return without_zeros(value)
    if kind in ("date", "timestamp", "timestamptz"):
        return moment(kind, value)
    raise ValueError(kind)


def decimal(value):
    sign, whole, fraction = re.fullmatch(r"(-?)(\d+)(?:\.(\d*))?", value).groups()
    fraction = (fraction or "").rstrip("0")
    text = (whole.lstrip("0") or "0") + ("." + fraction if fraction else "")
    return text if text == "0" else sign + text


def as32(value):
    try:
        return struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        return float("inf") if value > 0 else -float("inf")


def floating(value, bits):
    if value != value:
        return "NaN"
    if abs(value) == float("inf"):
        return "Infinity" if value > 0 else "-Infinity"
    sign = "-" if struct.pack(">d", value)[0] & 128 else ""
    value = abs(value)
    if value == 0:
        return sign + "0"
    digits, exponent = shortest(value, bits)
    if 1e-4 <= value < 1e16:
        return sign + plain(digits, exponent)
    return f"{sign}{digits[0]}{'.' + digits[1:] if len(digits) > 1 else ''}e{exponent}"


def shortest(value, bits):
    """The digits that read back as the value, and the exponent of the first."""
    for precision in range(17):
        text = f"{value:.{precision}e}"
        if (float(text) if bits == 64 else as32(float(text))) == value:
            digits, exponent = text.split("e")
            return digits.replace(".", "").rstrip("0"), int(exponent)
    raise ValueError(value)


def plain(digits, exponent):
    if exponent < 0:
        return "0." + "0" * (-exponent - 1) + digits
    whole = digits[: exponent + 1].ljust(exponent + 1, "0")
    return whole + ("." + digits[exponent + 1 :] if len(digits) > exponent + 1 else "")


def without_zeros(time):
    return time.rstrip("0").rstrip(".") if "." in time else time


def moment(kind, value):
    year, month, day, time, zone = MOMENT.match(value).groups()
    if kind == "date":
        return f"{year_text(int(year))}-{month}-{day}"
    if kind == "timestamp":
        return f"{year_text(int(year))}-{month}-{day}T{without_zeros(time)}"
    hours, minutes, rest = time.split(":")
    offset = 0 if zone in (None, "Z") else (1 if zone[0] == "+" else -1) * (int(zone[1:3]) * 60 + int(zone[4:6]))
    days, minute = divmod(days_of(int(year), int(month), int(day)) * 1440 + int(hours) * 60 + int(minutes) - offset, 1440)
    return f"{date_of(days)}T{minute // 60:02}:{minute % 60:02}:{without_zeros(rest)}Z"


def year_text(year):
    return f"-{-year:04}" if year < 0 else f"{year:04}"


def days_of(year, month, day):
    """Days since 1970-01-01, in the Gregorian calendar, whatever the year."""
    year -= month <= 2
    era, of_era = divmod(year, 400)
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


def date_of(days):
    era, of_era = divmod(days + 719468, 146097)
    year_of_era = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month = (5 * of_year + 2) // 153
    day = of_year - (153 * month + 2) // 5 + 1
    month = month + 3 if month < 10 else month - 9
    return f"{year_text(year_of_era + era * 400 + (month <= 2))}-{month:02}-{day:02}"


def main(path):
    with open(path, encoding="utf-8") as file:
        vectors = json.load(file)
    wrong = []
    for vector in vectors:
        texts = [(c["name"], canonical(c["type"], c["value"])) for c in vector["columns"]]
        framed = frames(text for _, text in sorted(texts, key=lambda column: column[0].encode()))
        if (dict(texts), framed, row_hash(texts)) != (vector["canonical"], vector["framed"], vector["sha256"]):
            wrong.append(f"{vector['about']}: {texts}, {framed}")
    print("\n".join(wrong) if wrong else f"{len(vectors)} vectors reproduced")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
