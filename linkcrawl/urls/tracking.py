"""Query parameters that only tell who sent a visitor: data, no code.

A name is listed only if it belongs to one known sender of campaigns or clicks. Names that sites use for other
things too (`ref`, `source`, `cid`, `campaign`, `spm`) are not: to drop one could merge two pages. Operators
add theirs. Names are lower case and compared without regard to case.
"""

PREFIXES = (
    "utm_",  # Urchin, Google Analytics and all that took it over
    "mtm_",  # Matomo
    "hsa_",  # HubSpot ads
)

NAMES_BY_SENDER = {
    "Google (ads, analytics, merchants)": [
        *("gclid", "gclsrc", "dclid", "gbraid", "wbraid", "gad_source", "gad_campaignid", "srsltid"),
        *("_ga", "_gl"),
    ],
    "Meta": ["fbclid", "fb_action_ids", "fb_action_types", "fb_ref", "igshid", "igsh", "mibextid"],
    "other ad networks": [
        *(
            "msclkid",
            "twclid",
            "li_fat_id",
            "ttclid",
            "epik",
            "rdt_cid",
            "sccid",
            "yclid",
            "ysclid",
            "ymclid",
        ),
        *("_openstat", "irclickid", "irgwc", "zanpid", "wickedid", "ranmid", "raneaid", "ransiteid"),
    ],
    "senders of mail": [
        *("mc_cid", "mc_eid", "mkt_tok", "__hstc", "__hssc", "__hsfp", "_hsenc", "_hsmi", "hsctatracking"),
        *("__s", "_kx", "vero_id", "vero_conv", "oly_enc_id", "oly_anon_id", "ml_subscriber"),
        *("ml_subscriber_hash", "dm_i", "trk_contact", "trk_msg", "trk_module", "trk_sid"),
        *("elqtrackid", "elqtrack", "elqaid", "elqat", "elqcampaignid"),
    ],
    "web analytics": [
        *("s_kwcid", "ef_id", "wt.mc_id", "xtor", "at_medium", "at_campaign"),
        *("ns_source", "ns_mchannel", "ns_campaign", "ns_linkname", "ns_fee"),
        *("pk_campaign", "pk_kwd", "pk_keyword", "pk_source", "pk_medium", "pk_content", "pk_cid"),
        *("piwik_campaign", "piwik_kwd", "piwik_keyword"),
        *("_branch_match_id", "_branch_referrer", "guce_referrer", "guce_referrer_sig"),
    ],
}
NAMES = frozenset(name for names in NAMES_BY_SENDER.values() for name in names)

# Sites on which such names mean something: there all parameters stay.
KEPT_ON = frozenset(
    (
        # The query belongs to the address that was archived, and names another copy.
        *(
            "archive.org",
            "archive.today",
            "archive.ph",
            "archive.is",
            "archive.li",
            "archive.vn",
            "archive.fo",
        ),
        *("archive.md", "webcitation.org", "arquivo.pt", "perma.cc"),
        # Builders of campaign URLs, which fill their forms from them.
        *("ga-dev-tools.google", "ga-dev-tools.web.app", "ga-dev-tools.appspot.com"),
    )
)
