"""robots.txt, as Google's own parser reads it: RFC 9309, and what Google accepts beyond it. Pure.

The rules of one robots.txt for one agent:
  1. Lines end at CR, LF or both; a line is read up to 16,663 bytes, and up to its first NUL or '#'.
  2. `user-agent` lines in a row open a group; only allow and disallow lines end the row, so a group goes on
     after `Crawl-delay`, `Sitemap` or a line that means nothing. Groups of one agent are one group.
  3. If any group names our product token (in any case), only such groups count; else those of `*`.
  4. The longest matching pattern decides; allow wins a tie; without a match all is allowed. `*` is any run of
     characters, a `$` at the end is the end of the URL. Matching takes time linear in the URL.
  5. `/robots.txt` itself is a path like others here, as in Google's parser; who fetches the rules does not
     ask them (RFC 9309, 2.2.2: it is implicitly allowed).
"""

from linkcrawl.robots.matcher import Decision, Line
from linkcrawl.robots.reader import MAX_BODY_BYTES, parse, product_token
from linkcrawl.robots.rules import MAX_PACKED_BYTES, Rules

__all__ = ["MAX_BODY_BYTES", "MAX_PACKED_BYTES", "Decision", "Line", "Rules", "parse", "product_token"]
