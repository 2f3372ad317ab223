"""Reads the image of a snapshot with pyarrow.

    python read_image.py IMAGE

prints a JSON list: of each row the text of each value, made of pyarrow's exact values, and the row hash that row_hash.py makes of them.
"""

import json
import sys

import pyarrow as pa
import pyarrow.parquet as pq

from row_hash import canonical, date_of, row_hash

DIGITS = {"s": 0, "ms": 3, "us": 6, "ns": 9}


def clock(ticks, digits):
    seconds, fraction = divmod(ticks, 10**digits)
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return text if digits == 0 else f"{text}.{fraction:0{digits}}"


def texts(kind, column):
    """Logical type, and the text of each value: never by way of a float or a datetime, which end somewhere."""
    if pa.types.is_timestamp(kind):
        day, digits = 86400 * 10 ** DIGITS[kind.unit], DIGITS[kind.unit]
        zone = "Z" if kind.tz else ""
        ticks = column.cast(pa.int64()).to_pylist()
        return ("timestamptz" if kind.tz else "timestamp"), [
            None if t is None else f"{date_of(t // day)}T{clock(t % day, digits)}{zone}" for t in ticks
        ]
    if pa.types.is_date32(kind):
        return "date", [None if d is None else date_of(d) for d in column.cast(pa.int32()).to_pylist()]
    if pa.types.is_time64(kind):
        return "time", [None if t is None else clock(t, DIGITS[kind.unit]) for t in column.cast(pa.int64()).to_pylist()]
    values = column.to_pylist()
    if pa.types.is_decimal(kind):
        return "decimal", [None if v is None else format(v, "f") for v in values]
    if pa.types.is_integer(kind):
        return "int64", [None if v is None else str(v) for v in values]
    if pa.types.is_boolean(kind):
        return "bool", [None if v is None else str(v).lower() for v in values]
    if pa.types.is_float64(kind):
        return "float64", [None if v is None else repr(v) for v in values]
    if pa.types.is_binary(kind):
        return "bytes", [None if v is None else v.hex() for v in values]
    if pa.types.is_string(kind):
        return "text", values
    raise ValueError(str(kind))


def main(path):
    table = pq.read_table(path)
    columns = [(field.name, *texts(field.type, table.column(field.name).combine_chunks())) for field in table.schema]
    rows = [
        {
            "texts": {name: values[i] for name, _, values in columns},
            "row_hash": row_hash([(name, canonical(kind, values[i])) for name, kind, values in columns]),
        }
        for i in range(table.num_rows)
    ]
    json.dump(rows, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
