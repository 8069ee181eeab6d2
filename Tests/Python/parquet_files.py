# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes one table as Parquet by every writer that is there, in every encoding and compression it knows.

    python3 Tests/Python/parquet_files.py FOLDER [ROWS]

The files of Tests/ModelFramesTests/Data/Parquet are some of these, with 90 rows.
"""
import datetime
import decimal
import importlib.util
import math
import os
import random
import sys


def have(name):
    return importlib.util.find_spec(name) is not None


def table(rows):
    """Columns of all types that are read, with and without missing values."""
    import pyarrow as pa

    draw = random.Random(20)

    def sometimes(values):
        return [None if draw.random() < 0.15 else value for value in values]

    integers = [draw.randint(-10**6, 10**6) for _ in range(rows)]
    normal = [draw.gauss(0, 1) for _ in range(rows)]
    groups = [f"g{(7 * k * k) % 11}" for k in range(rows)]
    days = [datetime.date(2020, 2, 1) + datetime.timedelta(days=draw.randint(-20_000, 20_000)) for _ in range(rows)]
    times = [datetime.datetime(2021, 3, 4) + datetime.timedelta(seconds=draw.randint(-10**8, 10**8)) for _ in range(rows)]
    cents = [decimal.Decimal(draw.randint(-99_999, 99_999)).scaleb(-2) for _ in range(rows)]
    return pa.table({
        "y": pa.array(sometimes(normal)), "x": pa.array([k % 10 / 4 for k in range(rows)]),
        "f": pa.array(normal, pa.float32()), "n": pa.array(sometimes(integers), pa.int32()),
        "id": pa.array([10**12 + k % 23 for k in range(rows)], pa.int64()),
        "small": pa.array([k % 200 for k in range(rows)], pa.uint8()), "g": pa.array(sometimes(groups)),
        "t": pa.array(["é" * (k % 3) + str(draw.randint(0, 10**9)) for k in range(rows)]),
        "ok": pa.array(sometimes([k % 3 == 0 for k in range(rows)])), "day": pa.array(sometimes(days)),
        "at": pa.array(times, pa.timestamp("us")), "price": pa.array(sometimes(cents), pa.decimal128(9, 2)),
        "large": pa.array([value * 10**15 for value in cents], pa.decimal128(36, 2)),
        "gone": pa.array([None] * rows, pa.float64()),
    })


def _encodings(table, number, text, real):
    import pyarrow as pa

    kinds = {}
    for field in table.schema:
        whole = pa.types.is_integer(field.type) or pa.types.is_date(field.type) or pa.types.is_timestamp(field.type)
        chosen = number if whole else text if field.type == pa.string() else real if pa.types.is_floating(field.type) else None
        if chosen:
            kinds[field.name] = chosen
    return {"use_dictionary": False, "column_encoding": kinds}


def write(folder, rows):
    """Names of the files that were written; plain.parquet is the first."""
    import pyarrow.parquet as parquet

    whole = table(rows)
    written = []

    def by_pyarrow(name, **options):
        parquet.write_table(whole, f"{folder}/{name}.parquet", **options)
        written.append(name)

    by_pyarrow("plain", compression="none", use_dictionary=False)
    for codec in ("none", "snappy", "gzip", "zstd", "lz4"):
        for version in ("1.0", "2.0"):
            by_pyarrow(f"{codec}-{version[0]}", compression=codec, data_page_version=version)
    by_pyarrow("pages", data_page_size=128, row_group_size=max(1, rows // 3), write_batch_size=16)
    by_pyarrow("fallback", dictionary_pagesize_limit=64, data_page_size=256, write_batch_size=16)
    by_pyarrow("int96", use_deprecated_int96_timestamps=True)
    by_pyarrow("integers", store_decimal_as_integer=True)
    by_pyarrow("delta", **_encodings(whole, "DELTA_BINARY_PACKED", "DELTA_BYTE_ARRAY", "BYTE_STREAM_SPLIT"))
    by_pyarrow(
        "lengths", data_page_version="2.0", compression="zstd",
        **_encodings(whole, "BYTE_STREAM_SPLIT", "DELTA_LENGTH_BYTE_ARRAY", "PLAIN"))
    if have("duckdb"):
        import duckdb

        for codec in ("snappy", "zstd", "gzip", "lz4_raw", "uncompressed"):
            for version in ("V1", "V2"):
                name = f"duckdb-{codec}-{version}"
                duckdb.sql(
                    f"COPY (FROM '{folder}/plain.parquet') TO '{folder}/{name}.parquet' "
                    f"(FORMAT parquet, CODEC '{codec}', PARQUET_VERSION {version})")
                written.append(name)
    if have("polars"):
        import polars

        frame = polars.read_parquet(f"{folder}/plain.parquet")
        for codec in ("snappy", "zstd", "gzip", "lz4", "uncompressed"):
            frame.write_parquet(f"{folder}/polars-{codec}.parquet", compression=codec, row_group_size=max(1, rows // 2))
            written.append(f"polars-{codec}")
    if have("fastparquet") and have("pandas"):
        import fastparquet

        frame = whole.drop_columns(["day", "price", "large", "gone"]).to_pandas()
        for codec in (None, "SNAPPY", "GZIP", "ZSTD", "LZ4_RAW"):
            name = f"fastparquet-{codec}"
            fastparquet.write(
                f"{folder}/{name}.parquet", frame, compression=codec, row_group_offsets=max(1, rows // 2))
            written.append(name)
    if have("pyspark"):
        written += by_spark(folder)
    return whole, written


def by_spark(folder):
    """Spark in local mode, which needs Java; it writes folders, of which the one file is kept."""
    from pathlib import Path

    from pyspark.sql import SparkSession

    spark = (
        SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC").getOrCreate())
    # Its timestamps are instants; those without a zone are another type, never INT96.
    frame = spark.read.parquet(f"{folder}/plain.parquet").selectExpr(
        "* EXCEPT (at)", "CAST(at AS TIMESTAMP) AS at").coalesce(1)
    written = []
    for codec, times, version in [
        ("snappy", "INT96", "1_0"), ("zstd", "TIMESTAMP_MICROS", "1_0"), ("gzip", "TIMESTAMP_MILLIS", "1_0"),
        ("zstd", "INT96", "2_0"),
    ]:
        name = f"spark-{codec}-{times}-{version[0]}"
        spark.conf.set("spark.sql.parquet.outputTimestampType", times)
        (frame.write.mode("overwrite").option("compression", codec)
            .option("parquet.writer.version", f"PARQUET_{version}").parquet(f"{folder}/{name}"))
        parts = list(Path(folder, name).glob("part-*.parquet"))
        parts[0].rename(f"{folder}/{name}.parquet")
        for rest in Path(folder, name).iterdir():
            rest.unlink()
        Path(folder, name).rmdir()
        written.append(name)
    spark.stop()
    return written


def text(value):
    """As the files of text have it."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "NA"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return repr(value) if isinstance(value, float) else str(value)


if __name__ == "__main__":
    os.makedirs(sys.argv[1], exist_ok=True)
    whole, names = write(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 90)
    with open(f"{sys.argv[1]}/rows.csv", "w", encoding="utf-8") as file:
        columns = [column.to_pylist() for column in whole.columns]
        print(",".join(whole.column_names), file=file)
        for row in zip(*columns):
            print(",".join(text(value) for value in row), file=file)
    print("\n".join(names))
