# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the files of Tests/ModelFramesTests/Data/Arrow: the table of parquet_files.py by pyarrow
and Polars, so that their rows are those of Data/Parquet/rows.csv.

    python3 Tests/Python/arrow_files.py FOLDER [ROWS]
"""
import os
import sys

import parquet_files


def write(table, path, codec=None, rows=None, stream=False, deltas=False):
    """Batches of so many rows, with an empty one among them."""
    import pyarrow as pa

    options = pa.ipc.IpcWriteOptions(compression=codec, emit_dictionary_deltas=deltas)
    make = pa.ipc.new_stream if stream else pa.ipc.new_file
    with make(path, table.schema, options=options) as writer:
        for k, batch in enumerate(table.to_batches(rows)):
            writer.write_batch(batch)
            if k == 0 and not deltas:
                writer.write_batch(batch.slice(0, 0))


def main(folder, rows):
    import polars
    import pyarrow as pa
    from pyarrow import csv, feather

    def path(name):
        return os.path.join(folder, name)

    os.makedirs(folder, exist_ok=True)
    table = parquet_files.table(rows)
    write(table, path("plain.arrow"))
    write(table, path("batches-lz4.arrow"), "lz4", 17)
    write(table, path("batches-zstd.arrow"), "zstd", 17)
    write(table, path("stream.arrows"), rows=17, stream=True)
    write(table, path("stream-zstd.arrows"), "zstd", 31, stream=True)
    feather.write_feather(table, path("default.feather"), chunksize=32)
    polars.from_arrow(table).write_ipc(path("polars.arrow"), compression="zstd")
    polars.from_arrow(table).write_ipc_stream(path("polars.arrows"))

    # The same values in other types of columns.
    wide = {"x": pa.float32(), "n": pa.int64(), "id": pa.uint64(), "small": pa.int16(), "day": pa.date64(),
            "at": pa.timestamp("ns"), "price": pa.decimal64(9, 2), "large": pa.decimal256(40, 2)}
    other = table
    for k, name in enumerate(table.schema.names):
        values = other[name]
        if name in wide:
            values = values.cast(wide[name])
        if name == "g":
            values = values.combine_chunks().dictionary_encode()
        if name == "t":
            values = values.cast(pa.large_string())
        other = other.set_column(k, name, values)
    write(other, path("types.arrow"), rows=20)
    views = table.set_column(6, "g", table["g"].cast(pa.string_view())).set_column(
        7, "t", table["t"].cast(pa.string_view()))
    nested = views.add_column(0, "l", pa.array([[k] for k in range(rows)])).add_column(
        0, "st", pa.array([{"a": k, "b": {"c": "x"}} for k in range(rows)])).add_column(
        0, "v", pa.array([str(k) * 9 for k in range(rows)], pa.string_view())).add_column(
        0, "when", pa.array([k for k in range(rows)], pa.time32("s")))
    write(nested, path("views.arrow"), rows=50)
    write(nested, path("views-lz4.arrow"), "lz4")

    # Lists of values that grow from batch to batch; in a stream also such that take the place of others.
    def grown(values, upto):
        return pa.DictionaryArray.from_arrays(pa.array([k % upto for k in range(5)], pa.int8()), pa.array(values[:upto]))

    schema = pa.schema({"g": pa.dictionary(pa.int8(), pa.string()), "k": pa.dictionary(pa.int8(), pa.int64())})
    texts, numbers = ["b", "é", "", "a long one, longer than twelve", "e"], [3, 10**12, -7, 0, 5]
    batches = [pa.record_batch([grown(texts, upto), grown(numbers, upto)], schema) for upto in (2, 3, 5)]
    table = pa.Table.from_batches(batches)
    write(table, path("deltas.arrow"), deltas=True)
    write(table, path("deltas.arrows"), stream=True, deltas=True)
    batches = [pa.record_batch([grown(texts[k:], 2), grown(numbers[k:], 2)], schema) for k in (0, 2, 1)]
    write(pa.Table.from_batches(batches), path("replaced.arrows"), stream=True)
    sleep = csv.read_csv(os.path.join(os.path.dirname(__file__), "../../data/sleepstudy.csv"))
    feather.write_feather(sleep, path("sleepstudy.feather"))
    feather.write_feather(pa.table({"y": [1.5, 2.5]}), path("first.feather"), version=1)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 40)
