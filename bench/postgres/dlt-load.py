"""One table from PostgreSQL to PostgreSQL with dlt, the fastest way that it has: Arrow out, CSV in. It tells nobody."""

import os
import sys

source, target, folder = sys.argv[1:]
os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["DLT_DATA_DIR"] = folder

import dlt  # noqa: E402 - reads the environment
from dlt.sources.sql_database import sql_table  # noqa: E402

orders = sql_table(
    source.replace("postgres:", "postgresql+psycopg2:", 1), table="orders", backend="pyarrow", chunk_size=100_000
)
pipeline = dlt.pipeline(
    pipeline_name="bench",
    pipelines_dir=folder,
    # it wants a password, which this server does not ask for
    destination=dlt.destinations.postgres(target.replace("postgres://postgres@", "postgresql://postgres:none@", 1)),
    dataset_name="loaded",
)
pipeline.run(orders, write_disposition="append", loader_file_format="csv").raise_on_failed_jobs()
