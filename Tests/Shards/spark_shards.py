#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Adds up the cross-products of a Parquet or CSV data set, one shard for every Spark partition.

    spark-submit spark_shards.py 'y ~ x + (x | g)' data.parquet --columns y,x,g -o whole.lmm
    lmm-sparse fit 'y ~ x + (x | g)' whole.lmm

lmm-sparse has to be on the workers; --program says where. What follows -- goes to lmm-sparse
crossprod, such as -- --weights w --factor f.
"""
import argparse
import csv
import io
import os
import subprocess
import tempfile

from pyspark.sql import SparkSession
from pyspark.sql.functions import struct, to_csv


def crossprod(command, inputs, lines=()):
    """Runs lmm-sparse crossprod on files, or on lines through a pipe; the shard's bytes."""
    with tempfile.TemporaryDirectory() as folder:
        shard = os.path.join(folder, "shard.lmm")
        with open(os.path.join(folder, "errors"), "w+b") as errors:
            process = subprocess.Popen(
                command + inputs + ["--quiet", "-o", shard], stdin=subprocess.PIPE, stderr=errors)
            try:
                with process.stdin as pipe:
                    pipe.writelines(line.encode() + b"\n" for line in lines)
            except BrokenPipeError:
                pass  # the program gave up, and says why
            if process.wait() != 0:
                errors.seek(0)
                raise RuntimeError(errors.read().decode().strip())
        with open(shard, "rb") as file:
            return file.read()


def merge(command, shards):
    """One shard with the rows of all."""
    with tempfile.TemporaryDirectory() as folder:
        files = [os.path.join(folder, f"{k}.lmm") for k in range(len(shards))]
        for name, shard in zip(files, shards):
            with open(name, "wb") as file:
                file.write(shard)
        return crossprod(command, files)


def sum_of_shards(table, command):
    """The cross-products of all rows of a data frame, as the bytes of a model file."""
    header = io.StringIO()
    csv.writer(header, lineterminator="").writerow(table.columns)
    header = header.getvalue()
    fields = struct(*[table[f"`{name}`"] for name in table.columns])
    rows = table.select(to_csv(fields, {"escape": '"', "nullValue": "", "emptyValue": ""}))

    def shard(partition):
        lines = (row[0] for row in partition)
        yield crossprod(command, ["-"], (line for part in ([header], lines) for line in part))

    return rows.rdd.mapPartitions(shard).treeReduce(lambda a, b: merge(command, [a, b]))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("formula")
    parser.add_argument("data", help="Parquet, or CSV if the name ends in .csv or .csv.gz")
    parser.add_argument("--columns", help="those that the model needs, with commas; default: all")
    parser.add_argument("--program", default="lmm-sparse")
    parser.add_argument("-o", "--output", required=True)
    parser.add_argument("options", nargs="*", metavar="-- OPTION")
    arguments = parser.parse_args()

    spark = SparkSession.builder.appName("lmm-sparse").getOrCreate()
    if arguments.data.endswith((".csv", ".csv.gz")):
        table = spark.read.csv(arguments.data, header=True)  # text, which lmm-sparse reads itself
    else:
        table = spark.read.parquet(arguments.data)
    if arguments.columns:
        table = table.select(*[f"`{name}`" for name in arguments.columns.split(",")])
    command = [arguments.program, "crossprod", arguments.formula, *arguments.options]
    with open(arguments.output, "wb") as file:
        file.write(sum_of_shards(table, command))
    spark.stop()


if __name__ == "__main__":
    main()
