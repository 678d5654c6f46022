"""Taking an episode back: what a host must answer for its addresses, and who else may hold a copy.

A host that has nothing at an address says 404, "not found", and programs come back for years. 410, "gone"
(RFC 9110, 15.5.11), tells them that it is meant to stay so. Which addresses were withdrawn is nobody's business
but the host's: the rules are written into `build/`, never into `site/`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

HOSTS = ("nginx.conf", "Caddyfile", "apache.htaccess", "netlify.toml")


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who may keep a copy: who, and how they are asked to let it go."""

    name: str
    ask: str


def gone_rules(site_url: str, slugs: Sequence[str]) -> dict[str, str]:
    """For each host, by file name, the rules that answer 410 for everything below the episodes' folders."""
    base = urlsplit(site_url).path
    folders = [f"{base}{slug}/" for slug in sorted(slugs)]
    return {
        "nginx.conf": _lines("inside the server block", [f"location ^~ {one} {{ return 410; }}" for one in folders]),
        "Caddyfile": _lines("inside the site block", [f"respond {one}* 410" for one in folders]),
        "apache.htaccess": _lines("in the root of the site", [f"Redirect gone {one}" for one in folders]),
        "netlify.toml": _lines(
            "in netlify.toml; Netlify knows no 410 for redirects, 404 is the nearest",
            [f'[[redirects]]\nfrom = "{one}*"\nto = "/404.html"\nstatus = 404\nforce = true' for one in folders],
        ),
    }


def holders(page_url: str, audio_url: str | None, title: str) -> tuple[Holder, ...]:
    """Who may hold a copy of a published episode, most likely first. Nobody is written to from here."""
    archived = f"https://web.archive.org/web/*/{quote(page_url, safe=':/')}*"
    heard = f" and {audio_url}" if audio_url else ""
    return (
        Holder("Apple Podcasts", "podcastsconnect.apple.com: refresh the feed; ask for removal if the episode stays"),
        Holder("Spotify", "creators.spotify.com: open the show, Settings, ask support to remove the episode"),
        Holder("Amazon Music", "podcasters.amazon.com: open the show, ask for removal"),
        Holder("YouTube", "studio.youtube.com: delete the video if the feed was read in; it does not follow the feed"),
        Holder("Podcast Index", "podcastindex.org: write to info@podcastindex.org with the feed's address"),
        Holder("Internet Archive", f"write to info@archive.org, naming {page_url}{heard}; look first at {archived}"),
        Holder("Google", "search.google.com/search-console/remove-outdated-content: enter the page's address"),
        Holder("Bing", "www.bing.com/webmasters/tools/contentremoval: enter the page's address"),
        Holder("Podcast apps", f"keep “{title}” on the devices that downloaded it; nobody can call it back from there"),
    )


def _lines(where: str, rules: Sequence[str]) -> str:
    return "\n".join([f"# Episodes that were withdrawn. Put this {where}.", *rules]) + "\n"
