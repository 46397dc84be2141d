"""Answers as people and programs take them: table, CSV, JSON lines, Parquet.

Start reading at `formats.py`. Text of pages is data here: `text.py` makes it harmless.
"""
