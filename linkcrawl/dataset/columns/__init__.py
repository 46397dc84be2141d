"""The columns of all datasets as data. Columns are only ever added; this is their order in files."""

from linkcrawl.dataset.columns.column import Column, Dataset
from linkcrawl.dataset.columns.edges import EDGES
from linkcrawl.dataset.columns.links import LINKS
from linkcrawl.dataset.columns.runs import CRAWLS, SITES, WATCHLISTS, refused_column, settled_column
from linkcrawl.dataset.columns.visits import VISITS

DATASETS = {dataset.name: dataset for dataset in (VISITS, LINKS, EDGES, CRAWLS, WATCHLISTS, SITES)}

__all__ = [
    "CRAWLS",
    "DATASETS",
    "EDGES",
    "LINKS",
    "SITES",
    "VISITS",
    "WATCHLISTS",
    "Column",
    "Dataset",
    "refused_column",
    "settled_column",
]
