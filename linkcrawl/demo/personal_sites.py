"""Sites that people write: a blog, a forum, a wiki, a café in Tokyo."""

from linkcrawl.demo.markup import Anchor, DemoPage, DemoSite

_POSTS = {
    "bindweed": (
        "Three years against bindweed",
        (
            "I have tried vinegar, patience and fire. What worked in the end was the narrow hoe from ",
            Anchor("http://acme.example/hoes/", "Acme's hoe range"),
            ", used every Sunday, without mercy.",
        ),
    ),
    "rain-barrels": (
        "How large should a rain barrel be?",
        (
            "Two hundred litres a person, says the ",
            Anchor("https://globex.example/guides/rain?utm_source=gardenpath", "Globex guide to rain water"),
            ", and for once I agree with a company.",
        ),
    ),
    "quiet-mower": (
        "A mower that lets the neighbours sleep",
        (
            "The review sample came from ",
            Anchor("http://acme.example/mowers/quiet", "Acme", rel="sponsored noopener"),
            ", who paid for this post. It is quiet. My neighbours are not.",
        ),
    ),
    "seed-swap": (
        "Seed swap in April",
        ("Bring what you have. The list of varieties is on the ", Anchor("/seeds.html", "seeds page"), "."),
    ),
    "compost": (
        "Compost for the impatient",
        (
            "Turn it. Then turn it again. Somebody at the ",
            Anchor("http://forum.makers.example/t/4", "makers' forum"),
            " built a drum for it.",
        ),
    ),
}

BLOG = DemoSite(
    host="blog.gardenpath.example",
    name="The Garden Path",
    menu=(Anchor("/", "Home"), Anchor("/about", "About"), Anchor("/seeds.html", "Seeds")),
    footer=("Written by hand. No cookies, ", Anchor("/about", "who I am"), "."),
    pages={
        "/": DemoPage(
            "Notes from a wet garden",
            main=(
                *((Anchor(f"/{slug}/", title), ".") for slug, (title, _) in _POSTS.items()),
                (Anchor("/all", "Every post and its replies"),),
            ),
            aside=(
                ("Friends: ", Anchor("http://forum.makers.example/", "Makers"), " and "),
                ("tools I like: ", Anchor("http://acme.example/", "http://acme.example/")),
            ),
        ),
        "/about": DemoPage(
            "About me",
            main=(("I garden near the sea. Write to ", Anchor("mailto:me@gardenpath.example", "me"), "."),),
        ),
        "/seeds.html": DemoPage(
            "Seeds to swap",
            main=(
                (
                    "Beans, peas, and a pumpkin that won at the ",
                    Anchor("http://www.dailypost.example/fair", "fair"),
                    ".",
                ),
            ),
        ),
        **{
            f"/{slug}/": DemoPage(title, main=(text,), canonical=f"http://blog.gardenpath.example/{slug}/")
            for slug, (title, text) in _POSTS.items()
        },
        "/bindweed/?replies=all": DemoPage(
            "Three years against bindweed: replies",
            main=(("All replies.",),),
            comments=(
                (
                    "ann: same here, see ",
                    Anchor("http://acme.example/forum/bindweed", "this thread", rel="ugc nofollow"),
                    ".",
                ),
                (
                    "bob: cheap hoes at ",
                    Anchor("https://globex.example/", "best hoes best price", rel="ugc"),
                    "!!!",
                ),
            ),
        ),
        "/all": DemoPage(
            "Every post", main=((Anchor("/bindweed/?replies=all", "Replies on bindweed"), "."),)
        ),
    },
)

_THREADS = (
    (
        "Which hinge for a cold frame?",
        ("anna", "The brass one from ", "http://acme.example/hinges", "acme"),
    ),
    (
        "Sharpening without a stone",
        ("bert", "A belt sander. Mine is a ", "https://globex.example/sanders", "Globex 200"),
    ),
    (
        "Show your bench",
        ("cora", "Plans are at ", "http://acme.example/plans.pdf", "http://acme.example/plans.pdf"),
    ),
    (
        "A drum for compost",
        ("dora", "Old barrels, found through ", "http://guide.localfinds.example/tools", "the guide"),
    ),
    ("Glue in the cold", ("emil", "Nothing sets below five degrees.", "", "")),
)


def _thread(number: int) -> DemoPage:
    title, (who, said, href, text) = _THREADS[number - 1]
    link = (Anchor(href, text, rel="nofollow ugc"),) if href else ()
    more = (Anchor(f"/t/{number % len(_THREADS) + 1}", "next thread"),)
    return DemoPage(title, main=((title,), more), comments=((f"{who}: {said}", *link),))


FORUM = DemoSite(
    host="forum.makers.example",
    name="Makers' Forum",
    menu=(Anchor("/", "Threads"), Anchor("/members", "Members"), Anchor("/rules", "Rules")),
    footer=("Hosted by volunteers.",),
    robots_txt="User-agent: *\nDisallow: /private/\n",
    pages={
        "/": DemoPage(
            "Threads",
            main=(
                *((Anchor(f"/t/{n}", title),) for n, (title, _) in enumerate(_THREADS, 1)),
                (Anchor("/private/inbox", "Your messages"),),
            ),
        ),
        "/members": DemoPage(
            "Members",
            main=(("anna makes things for ", Anchor("http://acme.example/team/anna", "Acme"), "."),),
            robots="index, nofollow",
        ),
        "/rules": DemoPage("Rules", main=(("Be kind. Sell nothing.",),)),
        "/private/inbox": DemoPage(
            "Messages", main=((Anchor("http://acme.example/secret", "never to be seen"),),)
        ),
        **{f"/t/{number}": _thread(number) for number in range(1, len(_THREADS) + 1)},
    },
)

WIKI = DemoSite(
    host="wiki.oldtools.example",
    name="Old Tools Wiki",
    menu=(Anchor("/", "Main page"), Anchor("/Plane", "Plane"), Anchor("/Spokeshave", "Spokeshave")),
    footer=("Texts are free to copy.",),
    pages={
        "/": DemoPage(
            "Main page",
            main=(("Start with the ", Anchor("/Plane", "plane"), " or the ", Anchor("/Adze", "adze"), "."),),
        ),
        "/Plane": DemoPage(
            "Plane",
            main=(
                (
                    "The firm that became ",
                    Anchor("http://acme.example/history", "Acme"),
                    " cast its first in 1871.",
                ),
                ("See also ", Anchor("http://acme.example/history", "the same page again"), "."),
            ),
        ),
        "/Spokeshave": DemoPage(
            "Spokeshave",
            main=(
                (
                    "A plane with handles.",
                    Anchor("https://globex.example/cheap", "cheap tools", style="display:none"),
                ),
                ("Archive: ", Anchor("http://acme.example/old-press-kit", "press kit of 2009"), "."),
            ),
        ),
        "/Adze": DemoPage(
            "Adze", main=(("Mind your feet. There was a page on ", Anchor("/Axe", "axes"), "."),)
        ),
    },
)

CAFE = DemoSite(
    host="www.niwa-kissa.example",
    name="庭の喫茶店",
    menu=(Anchor("/", "ホーム"), Anchor("/menu.html", "メニュー")),
    pages={
        "/": DemoPage(
            "ようこそ",
            main=(
                (
                    "庭の道具は",
                    Anchor("http://acme.example/ja/", "アクメの園芸用品"),
                    "を使っています。",
                ),
            ),
            lang="ja",
            charset="shift_jis",
        ),
        "/menu.html": DemoPage(
            "メニュー", main=(("コーヒー、紅茶、ケーキ。",),), lang="ja", charset="shift_jis"
        ),
    },
)

SITES = (BLOG, FORUM, WIKI, CAFE)
