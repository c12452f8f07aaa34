"""The pictures of the demo's report."""

from typing import Dict

from .demo import Watched
from .figures import figure_bytes
from .pictures import draw_activity, draw_frames, draw_votes
from .pictures_latency import draw_latency
from .pictures_steps import draw_digits, draw_steps
from .steps import ShrunkDigits

__all__ = ["demo_pictures"]


def demo_pictures(shrunk: ShrunkDigits, seen: Watched) -> Dict[str, bytes]:
    """Pictures by the names that `demo_page` takes; SVG, but for the frames, which are smaller as PNG."""
    return {
        "steps": figure_bytes(draw_steps(shrunk.steps), "svg"),
        "digits": figure_bytes(draw_digits(shrunk.digits), "svg"),
        "frames": figure_bytes(draw_frames(seen), "png", 130),
        "activity": figure_bytes(draw_activity(seen), "svg"),
        "votes": figure_bytes(draw_votes(seen), "svg"),
        "latency": figure_bytes(draw_latency(seen.latencies, seen.interval), "svg"),
    }
