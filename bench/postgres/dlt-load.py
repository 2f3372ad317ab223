"""One table from PostgreSQL to PostgreSQL with dlt, the fastest way that it has: arrow out, CSV in. Nothing is sent elsewhere."""

import os
import sys

source, target, folder = sys.argv[1:]
os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["DLT_DATA_DIR"] = folder

import dlt  # noqa: E402 - reads the environment
from dlt.sources.sql_database import sql_table  # noqa: E402

table = sql_table(source.replace("postgres:", "postgresql:", 1), table="orders", backend="pyarrow", chunk_size=100_000)
pipeline = dlt.pipeline(
    pipeline_name="bench",
    pipelines_dir=folder,
    destination=dlt.destinations.postgres(target.replace("postgres:", "postgresql:", 1)),
    dataset_name="loaded",
)
pipeline.run(table, write_disposition="append", loader_file_format="csv").raise_on_failed_jobs()
