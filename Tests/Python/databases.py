# SPDX-License-Identifier: GPL-2.0-or-later
"""The rows of a CSV file as Parquet and in databases, by whatever of these is installed."""
import contextlib
import csv
import getpass
import glob
import importlib.util
import os
import shutil
import sqlite3
import subprocess
import tempfile

COLUMNS = "reaction REAL, days INTEGER, subject INTEGER"
EXACT_COLUMNS = "reaction DOUBLE PRECISION, days INTEGER, subject INTEGER"


def write_parquet(table, folder):
    """Two files with the rows of sleepstudy; False where nothing can write them."""
    halves = [f"SELECT * FROM read_csv('{table}') WHERE Subject {part}" for part in ("<= 340", "> 340")]
    orders = [f"COPY ({rows}) TO '{folder}/{k}.parquet' (FORMAT parquet)" for k, rows in enumerate(halves)]
    if shutil.which("duckdb"):
        for order in orders:
            subprocess.run(["duckdb", "-c", order], check=True, stdout=subprocess.DEVNULL)
    elif importlib.util.find_spec("duckdb"):
        import duckdb

        for order in orders:
            duckdb.execute(order)
    else:
        return False
    return True


def write_sqlite(table, path):
    database = sqlite3.connect(path)
    database.execute(f"CREATE TABLE sleep ({COLUMNS})")
    with open(table, encoding="utf-8") as file:
        database.executemany("INSERT INTO sleep VALUES (?, ?, ?)", list(csv.reader(file))[1:])
    database.commit()
    database.close()


def _postgres_program(name):
    places = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))
    return shutil.which(name) or (places[-1] if places else None)


@contextlib.contextmanager
def postgres(table):
    """A PostgreSQL of its own that has the table in the database study; the variables by which psql finds it, or
    None where it is not installed."""
    programs = [_postgres_program(name) for name in ("initdb", "pg_ctl", "psql")]
    if not all(programs):
        yield None
        return
    initdb, control, client = programs
    # The server refuses to run as root.
    user = {"user": "nobody"} if os.geteuid() == 0 else {}
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        data, sockets = folder + "/data", folder + "/sockets"
        for name in (data, sockets):
            os.mkdir(name)
            if user:
                shutil.chown(name, **user)

        def run(*command, **more):
            subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL, **more)

        owner = "nobody" if user else getpass.getuser()
        run(initdb, "-A", "trust", "-U", owner, "-D", data, "--no-sync", **user)
        settings = f"-c listen_addresses='' -c unix_socket_directories={sockets} -c fsync=off"
        run(control, "-D", data, "-w", "-l", data + "/log", "-o", settings, "start", **user)
        try:
            found = {"PGHOST": sockets, "PGUSER": owner}
            environment = {**os.environ, **found}
            run(client, "-q", "-c", "CREATE DATABASE study", "postgres", env=environment)
            copy = f"CREATE TABLE sleep ({EXACT_COLUMNS}); COPY sleep FROM STDIN WITH CSV HEADER"
            with open(table, encoding="utf-8") as file:
                run(client, "-q", "-c", copy, "study", env=environment, stdin=file)
            yield found
        finally:
            run(control, "-D", data, "-m", "immediate", "stop", **user)
