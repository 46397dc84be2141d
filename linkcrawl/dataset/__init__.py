"""The Parquet datasets: columns as data, part files, writer, reader. With `index`, all that touches Parquet.

Start reading at `columns/` (what is written), then `writer.py` (how it becomes durable) and `reader.py` (what
of it counts). Imports `records`, `errors` and the version only.
"""
