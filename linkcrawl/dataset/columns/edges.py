"""The columns of edges."""

from linkcrawl.dataset.columns.column import INT32, STRING, Column, Dataset
from linkcrawl.dataset.columns.visits import CRAWL_ID, VISIT_ID

EDGES = Dataset(
    name="edges",
    row="all links of one visit to one other site, watched or not, counted",
    columns=(
        VISIT_ID,
        CRAWL_ID,
        Column("source_site", STRING, "registrable domain of the visited page", "blog.example"),
        Column("target_site", STRING, "registrable domain that the links point to", "example.com"),
        Column("links", INT32, "links from the page to that site", 3),
        Column("follow_links", INT32, "those of them that are followed", 2),
    ),
    sort_keys=("source_site", "target_site"),
    partitioned=True,
)
