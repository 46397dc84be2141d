"""Answers about a target. What is asked of the data is SQL that a person can read, in `sql/`.

Start reading at `answers.py`. Imports `dataset`, `urls`, `records` and `errors`.
"""
