"""Whether the servers that data sets and weights come from answer here."""

from concurrent.futures import ThreadPoolExecutor
from typing import Final

import requests

from paraisite.data.sources import aflux, hugging_face, materials_project
from paraisite.data.sources.http import USER_AGENT
from paraisite.data.sources.http_replies import describe_failed_request

SERVERS: Final = {
    "AFLUX": aflux.SERVER,
    "Materials Project": materials_project.SERVER,
    "Hugging Face (Phonix)": hugging_face.SERVER,
    "GitHub (weights)": "https://github.com/",
}


def find_unreachable(*, timeout_seconds: float, servers: dict[str, str]) -> dict[str, str | None]:
    """Ask each server once, all at the same time; any answer counts, also a refusal.

    Args:
        timeout_seconds: Longest silence of a server.
        servers: Addresses by name.

    Returns:
        For each name the reason why its server cannot be reached, or None.
    """

    def ask(address: str) -> str | None:
        try:
            requests.head(address, timeout=timeout_seconds, headers={"User-Agent": USER_AGENT})
        except requests.RequestException as error:
            return describe_failed_request(error)
        return None

    with ThreadPoolExecutor(len(servers)) as pool:
        return dict(zip(servers, pool.map(ask, servers.values()), strict=True))
