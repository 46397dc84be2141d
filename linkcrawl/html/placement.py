"""Which part of the page an element makes, by its name, its role, or the names that authors give it."""

from functools import lru_cache

from linkcrawl.records import Placement

BY_ELEMENT = {
    "main": Placement.MAIN,
    "article": Placement.ARTICLE,
    "nav": Placement.NAV,
    "header": Placement.HEADER,
    "footer": Placement.FOOTER,
    "aside": Placement.ASIDE,
}

# WAI-ARIA 1.2, landmark roles and article.
BY_ROLE = {
    "main": Placement.MAIN,
    "article": Placement.ARTICLE,
    "navigation": Placement.NAV,
    "banner": Placement.HEADER,
    "contentinfo": Placement.FOOTER,
    "complementary": Placement.ASIDE,
}

# Class and id names in wide use: WordPress, Blogger, Drupal, MediaWiki, Disqus, Bootstrap, hand-made pages.
_NAMES = {
    Placement.COMMENT: (
        "comment comments commentlist comment-list comment-body comment-content comment-text comment-author"
        " comment-meta comment-item comment-thread comments-area comments-list comments-section"
        " comment-section comment-wrapper comments-wrapper comment_list comment_body comment_container"
        " commentarea commentlisting user-comment user-comments usercomment reader-comments disqus_thread"
        " fb-comments cmt-content comment-block comment-holder comments-container comments-block"
    ),
    Placement.NAV: (
        "nav navbar navigation main-nav main-navigation mainnav main-menu mainmenu menu topmenu top-menu"
        " topnav top-nav site-navigation site-nav sitenav primary-menu primary-navigation nav-menu navmenu"
        " navbar-nav nav-bar navigation-menu secondary-menu sidenav side-nav submenu sub-menu breadcrumb"
        " breadcrumbs pagination pager menubar dropdown-menu mega-menu megamenu mobile-menu"
    ),
    Placement.FOOTER: (
        "footer site-footer page-footer main-footer footer-links footer-menu footer-nav footer-widgets"
        " footer-bottom footer-wrapper footer-inner footer-container global-footer sitefooter pagefooter"
        " colophon foot bottom-bar copyright"
    ),
    Placement.HEADER: (
        "header site-header page-header main-header masthead top-bar topbar header-top header-inner"
        " header-wrapper header-container global-header siteheader pageheader banner-top"
    ),
    Placement.ASIDE: (
        "sidebar side-bar sidebar-left sidebar-right left-sidebar right-sidebar leftsidebar rightsidebar"
        " sidebar-primary sidebar-secondary primary-sidebar secondary-sidebar widget-area widget widgets"
        " blogroll leftcol rightcol left-column right-column sidecolumn related-posts"
    ),
    Placement.ARTICLE: (
        "article post-content post-body post-text entry-content entry-body article-body article-content"
        " article-text articlebody hentry blog-post story-body post-entry"
    ),
    Placement.MAIN: (
        "main main-content maincontent content page-content site-content content-area content-main"
        " bodycontent mw-content-text primary-content center-column"
    ),
}

BY_NAME = {name: placement for placement, names in _NAMES.items() for name in names.split()}


@lru_cache(maxsize=8192)
def by_names(class_names: str, identifier: str) -> Placement | None:
    """The part that an element's id and class names; `comment` wins, then the first that is known."""
    found = [BY_NAME[name] for name in f"{identifier} {class_names}".lower().split() if name in BY_NAME]
    if not found:
        return None
    return Placement.COMMENT if Placement.COMMENT in found else found[0]


def of_element(tag: str, role: str) -> Placement | None:
    """The part that an element is by its role (the first one that is known), else by its name."""
    for token in role.lower().split():
        if token in BY_ROLE:
            return BY_ROLE[token]
    return BY_ELEMENT.get(tag)
