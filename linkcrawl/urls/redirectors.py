"""Services that wrap links to other sites, and the query parameter that holds the wrapped URL: data and one
function."""

import codecs
from urllib.parse import unquote_plus

from linkcrawl.urls.site import site_of

# host -> path (a trailing `*` for any path below) -> names of the parameter; '' for a query that is the URL
# itself
Rule = dict[str, tuple[str, ...]]
_FACEBOOK: Rule = {"/l.php": ("u",), "/flx/warn/": ("u",)}
_GOOGLE: Rule = {"/url": ("q", "url")}
_YOUTUBE: Rule = {"/redirect": ("q",)}
_STEAM: Rule = {"/linkfilter/": ("url", "u")}
_VK: Rule = {"/away.php": ("to",)}
_BARE: Rule = {"/": ("",)}

REDIRECTORS: dict[str, Rule] = {
    "l.facebook.com": _FACEBOOK,
    "lm.facebook.com": _FACEBOOK,
    "www.facebook.com": _FACEBOOK,
    "m.facebook.com": _FACEBOOK,
    "l.messenger.com": {"/l.php": ("u",)},
    "l.instagram.com": {"/": ("u",)},
    "l.threads.net": {"/": ("u",)},
    "l.threads.com": {"/": ("u",)},
    "l.wl.co": {"/l": ("u",)},
    "out.reddit.com": {"/*": ("url",)},
    "www.youtube.com": _YOUTUBE,
    "m.youtube.com": _YOUTUBE,
    "youtube.com": _YOUTUBE,
    "t.umblr.com": {"/redirect": ("z",)},
    "slack-redir.net": {"/link": ("url",)},
    "steamcommunity.com": _STEAM,
    "vk.com": _VK,
    "m.vk.com": _VK,
    "away.vk.com": _VK,
    "duckduckgo.com": {"/l/": ("uddg",)},
    "www.linkedin.com": {"/redir/redirect": ("url",), "/safety/go": ("url",)},
    "www.tiktok.com": {"/link/v2": ("target",)},
    "link.zhihu.com": {"/": ("target",)},
    "link.csdn.net": {"/": ("target",)},
    "link.juejin.cn": {"/": ("target",)},
    "www.jianshu.com": {"/go-wild": ("url",)},
    "exit.sc": {"/": ("url",)},
    "gate.sc": {"/": ("url",)},
    "redirect.viglink.com": {"/": ("u",)},
    "go.skimresources.com": {"/": ("url",)},
    "href.li": _BARE,
    "anonym.to": _BARE,
    "www.pixiv.net": {"/jump.php": ("",)},
    "www.deviantart.com": {"/users/outgoing": ("",)},
}


def redirector(host: str) -> Rule | None:
    """What of a host's paths wrap URLs; None for most hosts."""
    if host.startswith(("www.google.", "google.")) and site_of(host).startswith("google."):
        return _GOOGLE
    if host.endswith(".safelinks.protection.outlook.com"):
        return {"/": ("url",)}
    return REDIRECTORS.get(host)


def wrapped(rule: Rule, path: str, query: str) -> str | None:
    """The URL that a redirector's URL holds, decoded and not yet parsed; None if it holds none."""
    names = rule.get(path) or rule.get("/*")
    if names is None:
        return None
    if "" in names:
        return _decoded(query) if query else None
    parameters = [parameter.partition("=") for parameter in query.split("&")]
    for name in names:
        for key, _, value in parameters:
            if key == name and value:
                return _decoded(value)
    return None


def _decoded(value: str) -> str:
    """Form-decoded. Bytes that are no UTF-8 stay escaped: so the wrapped URL holds them."""
    return unquote_plus(value, errors="linkcrawl.escape")


def _escape(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return "".join(f"%{byte:02X}" for byte in error.object[error.start : error.end]), error.end


codecs.register_error("linkcrawl.escape", _escape)
