"""The columns of links."""

from linkcrawl.dataset.columns.column import BOOL, INT32, STRING, STRINGS, Column, Dataset
from linkcrawl.dataset.columns.visits import CRAWL_ID, VISIT_ID, VISITED_AT
from linkcrawl.records import AnchorKind, Element, FollowReason, Hidden, Placement, RelClass

_COLUMNS = (
    VISIT_ID,
    CRAWL_ID,
    Column("source_url", STRING, "page the link stands on: `url` of its visit", "https://blog.example/post"),
    Column("source_host", STRING, "host of `source_url`", "blog.example"),
    Column("source_site", STRING, "registrable domain of `source_host`", "blog.example"),
    Column("href", STRING, "reference as written on the page", "//shop.example.com/a?utm_source=x#top"),
    Column(
        "target_url_resolved",
        STRING,
        "target by the URL standard, before the identity rules; null if equal to `target_url`",
        "https://shop.example.com/a?utm_source=x#top",
        nullable=True,
    ),
    Column("target_url", STRING, "target in its identity form", "https://shop.example.com/a"),
    Column("target_host", STRING, "host of `target_url`", "shop.example.com"),
    Column("target_site", STRING, "registrable domain of `target_host`", "example.com"),
    Column(
        "unwrapped_url",
        STRING,
        "watched URL carried inside the target, where that is a redirector; null if there is none",
        "https://example.com/",
        nullable=True,
    ),
    Column("watch", STRINGS, "patterns of the watch list that matched", ("example.com",)),
    Column("element", STRING, "what the link is made by", Element.A, enum=Element),
    Column("rel", STRINGS, "rel tokens, lower case, in order", ("nofollow", "noopener")),
    Column("rel_class", STRING, "first that holds of the link's rel", RelClass.NOFOLLOW, enum=RelClass),
    Column("nofollow", BOOL, "whether rel has the token nofollow", True),
    Column("ugc", BOOL, "whether rel has the token ugc", False),
    Column("sponsored", BOOL, "whether rel has the token sponsored", False),
    Column(
        "follow", BOOL, "verdict over rel, meta robots and X-Robots-Tag; Google treats these as hints", False
    ),
    Column(
        "follow_reasons",
        STRINGS,
        "why it is not followed; empty if it is",
        (FollowReason.REL_NOFOLLOW,),
        enum=FollowReason,
    ),
    Column("anchor_text", STRING, "visible text, white space collapsed", "a fine shop"),
    Column("anchor_kind", STRING, "what the anchor consists of", AnchorKind.TEXT, enum=AnchorKind),
    Column("image_alt", STRING, "alt of the images inside; null if there is none", "Logo", nullable=True),
    Column("link_title", STRING, "title attribute; null if there is none", "Visit the shop", nullable=True),
    Column("text_before", STRING, "up to 100 characters before the link", "I bought it at"),
    Column("text_after", STRING, "up to 100 characters after the link", "last week."),
    Column("placement", STRING, "part of the page it stands in", Placement.MAIN, enum=Placement),
    Column("position", INT32, "0-based place among the page's links", 17),
    Column(
        "hidden",
        STRING,
        "how it is kept out of sight; null if it is visible",
        Hidden.DISPLAY_NONE,
        nullable=True,
        enum=Hidden,
    ),
    Column("same_target_count", INT32, "links of this page to the same target", 1),
    VISITED_AT,
)

LINKS = Dataset(
    name="links",
    row="a link of one visit to a watched target on another site (more with `--record`)",
    columns=_COLUMNS,
    sort_keys=("target_site", "target_url", "source_url"),
    partitioned=True,
)
