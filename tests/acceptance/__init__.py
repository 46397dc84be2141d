"""Crawls of real pages, held row by row to what is known to stand on them.

`real_web` crawls the pages beside the checkout (`../shared/web`), `test_debian_docs` a Debian package of
HTML. `compare` holds two multisets of rows against each other, `reach` says what a crawl must visit.
"""
