"""Sites that want to sell: a shop, a directory, a newspaper, a link shortener, and the watched firm."""

from linkcrawl.demo.markup import Anchor, DemoPage, DemoSite, redirect

_GOODS = ("trowel", "dibber", "secateurs", "watering-can", "bucket", "twine")

SHOP = DemoSite(
    host="shop.toolshed.example",
    name="Toolshed",
    menu=(Anchor("/", "Shop"), Anchor("/delivery", "Delivery")),
    # On every page of the site, as such links are.
    footer=(
        "Shop software by ",
        Anchor("https://globex.example/?utm_campaign=footer", "Globex Commerce"),
        ".",
    ),
    pages={
        "/": DemoPage(
            "Everything for the shed",
            main=tuple((Anchor(f"/p/{good}", good.replace("-", " ")),) for good in _GOODS),
        ),
        "/delivery": DemoPage(
            "Delivery", main=(("Two days. Returns are ", Anchor("/returns", "free"), "."),)
        ),
        "/returns": redirect("/delivery", 302),
        **{
            f"/p/{good}": DemoPage(
                good.replace("-", " ").capitalize(),
                main=((f"A good {good.replace('-', ' ')}, made of steel.",),),
                aside=((Anchor(f"/p/{_GOODS[(at + 1) % len(_GOODS)]}", "Others also bought"),),),
            )
            for at, good in enumerate(_GOODS)
        },
        "/p/secateurs": DemoPage(
            "Secateurs",
            main=(
                ("Forged by ", Anchor("http://acme.example/secateurs", alt="Acme secateurs, opened"), "."),
                ("Read the maker's ", Anchor("http://acme.example/secateurs", "care instructions"), "."),
            ),
            aside=((Anchor("/p/twine", "Others also bought"),),),
        ),
    },
)

_TRADES = {
    "tools": (
        ("Acme Tools", "http://acme.example/", "sponsored"),
        ("Hoes & Sons", "http://hoes.example/", ""),
    ),
    "irrigation": (
        ("Globex Water", "https://globex.example/water", "Sponsored,NoFollow"),
        ("Drip Ltd", "http://drip.example/", ""),
    ),
    "seeds": (("Beanery", "http://beanery.example/", ""), ("Acme Seeds", "http://seeds.acme.example/", "")),
}

GUIDE = DemoSite(
    host="guide.localfinds.example",
    name="Local Finds",
    menu=(Anchor("/", "Trades"), *(Anchor(f"/{trade}", trade) for trade in _TRADES)),
    footer=(Anchor("/list-your-firm", "List your firm"), " for 9 a month."),
    pages={
        "/": DemoPage(
            "Firms near you", main=tuple((Anchor(f"/{trade}", trade.capitalize()),) for trade in _TRADES)
        ),
        "/list-your-firm": DemoPage("List your firm", main=(("Paid entries are marked as such.",),)),
        **{
            f"/{trade}": DemoPage(
                trade.capitalize(), main=tuple((Anchor(href, name, rel),) for name, href, rel in firms)
            )
            for trade, firms in _TRADES.items()
        },
    },
)

NEWS = DemoSite(
    host="www.dailypost.example",
    name="The Daily Post",
    menu=(Anchor("/", "Front page"), Anchor("/fair", "The fair"), Anchor("/business", "Business")),
    footer=(Anchor("/imprint", "Imprint"),),
    pages={
        "/": DemoPage(
            "Today",
            main=(
                (Anchor("/fair", "Pumpkin of 300 kg wins"),),
                (Anchor("/business", "Acme buys a foundry"),),
                (Anchor("/go/acme", "Our partner"),),
            ),
        ),
        "/fair": DemoPage(
            "Pumpkin of 300 kg wins",
            main=(("Prizes were given by ", Anchor("http://acme.example/fair", "the toolmaker Acme"), "."),),
        ),
        "/business": DemoPage(
            "Acme buys a foundry",
            main=(
                ("The firm said so in a ", Anchor("http://acme.example/press/2026", "press release"), "."),
                (
                    "Its rival ",
                    Anchor("https://globex.example/", "Globex", rel="nofollow"),
                    " did not comment.",
                ),
            ),
        ),
        "/imprint": DemoPage(
            "Imprint",
            main=(("Printed on paper of ", Anchor("https://globex.example/paper", "Globex"), "."),),
            headers=(("X-Robots-Tag", "noindex, nofollow"),),
        ),
        "/go/acme": redirect("http://acme.example/landing?utm_source=dailypost"),
    },
)

SHORT = DemoSite(
    host="s.brief.example",
    name="Brief",
    menu=(Anchor("/", "Brief"),),
    pages={
        "/": DemoPage(
            "Short links",
            main=((Anchor("/1", "one"), ", ", Anchor("/2", "two"), ", ", Anchor("/3", "three"), "."),),
        ),
        "/1": redirect("https://globex.example/deal", 302),
        "/2": redirect("/1"),
        "/3": redirect("http://www.dailypost.example/fair", 307),
    },
)

_ACME_PAGES = {
    "/hoes/": "Hoes",
    "/mowers/quiet": "The quiet mower",
    "/hinges": "Hinges",
    "/ja/": "園芸用品",
    "/team/anna": "Anna",
    "/fair": "Prizes for pumpkins",
    "/landing": "Welcome, reader of a newspaper",
    "/forum/bindweed": "Bindweed",
    "/secateurs": "Secateurs",
    "/press/2026": "Acme buys a foundry",
}

ACME = DemoSite(
    host="acme.example",
    name="Acme",
    menu=(Anchor("/", "Acme"), Anchor("/history", "History"), Anchor("/press/2026", "Press")),
    footer=("Made of steel.",),
    pages={
        "/": DemoPage(
            "Tools since 1871",
            main=(
                (Anchor("/history", "Our history"), ". ", Anchor("/old-press-kit", "Press kit")),
                ("Sold with ", Anchor("https://globex.example/partners", "a partner"), "."),
            ),
        ),
        "/history": DemoPage(
            "History",
            main=(
                (
                    "It began with a plane. A shed shop still sells our ",
                    Anchor("http://shop.toolshed.example/p/secateurs", "secateurs"),
                    ".",
                ),
            ),
        ),
        "/plans.pdf": DemoPage(plain="%PDF-1.4\n%%EOF\n", content_type="application/pdf"),
        **{path: DemoPage(title, main=((title, "."),)) for path, title in _ACME_PAGES.items()},
    },
)

ACME_SEEDS = DemoSite(
    host="seeds.acme.example",
    name="Acme Seeds",
    menu=(Anchor("http://acme.example/", "Acme"),),
    pages={"/": DemoPage("Seeds", main=(("Beans, and beans.",),))},
)

SITES = (SHOP, GUIDE, NEWS, SHORT, ACME, ACME_SEEDS)
