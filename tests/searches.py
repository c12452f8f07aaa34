"""How many generated networks a search takes: a part by default, all of them where NEUROEDGE_SEARCH=1 asks for it."""

import os

__all__ = ["PART", "networks"]

PART = 1 if os.environ.get("NEUROEDGE_SEARCH") else 4


def networks(whole: int) -> int:
    """Networks of a search that takes `whole` of them in full."""
    return whole // PART
