"""Pages: what is escaped, that tags match, and that nothing is loaded from outside."""

from html.parser import HTMLParser
from typing import Any, Dict, List

import pytest

from neuroedge.applications.demo_report import CAPTIONS, demo_page
from neuroedge.applications.html import columns, figure, page, text

EVIL = "<script>alert('x')</script> & \"Board\" \x1b[31m\x00"
VOID = {"meta", "img"}


class Outline(HTMLParser):
    """Tags, in their order, and texts; refuses what does not match."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.open: List[str] = []
        self.tags: List[str] = []
        self.addresses: List[str] = []
        self.texts: List[str] = []
        self.feed(data.decode("utf-8"))
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        assert not any(name.startswith("on") for name, _ in attrs)
        self.addresses += [value for name, value in attrs if name in ("src", "href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def report() -> Dict[str, Any]:
    step = {
        "step": EVIL, "precision": "int8", "synapses": 10, "accuracy": 0.5, "weight_bytes": 10, "memory_bytes": 20,
        "p50_us": 1.0, "energy_uj": None, "energy_source": EVIL, "additions": 3.0,
    }  # fmt: skip
    return {
        "board": EVIL, "cores": None, "simd": "sse", "version": "1", "python": "3", "neurons": 1, "synapses": 1,
        "bytes": 1, "frames": 1, "frame_interval_ms": 40.0, "events": 1, "spikes": {"fields": 1, "output": 1},
        "latency_ms": {"p50": 1.0, "p99": 1.0, "p99_9": 1.0, "max": 1.0}, "missed": 0, "deadline_ms": 40.0,
        "direction": None, "speed": None, "margin": 0.0, "live": True, "right": 0,
        "answers": [{"case": EVIL, "direction": None, "speed": None, "margin": 0.0, "right": False}],
        "digits": {"samples": 2, "remark": "less & less",
                   "steps": [step, {**step, "energy_uj": 3.0, "energy_source": "measured: it"}]},
    }  # fmt: skip


def test_what_would_be_a_tag_is_letters() -> None:
    assert text(EVIL) == "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt; &amp; &quot;Board&quot; ?[31m?"
    found = Outline(page(EVIL, [columns([EVIL], [[EVIL]]), figure(b"\x89PNG", EVIL)]))
    assert "script" not in found.tags and found.texts.count(EVIL[:-6] + "?[31m?") == 5


@pytest.mark.parametrize("names", [(), tuple(CAPTIONS)])
def test_a_report_is_one_whole_page_that_loads_nothing(names: Any) -> None:
    data = demo_page(report(), {name: b"<svg/>" for name in names})
    found = Outline(data)
    assert not {"script", "link", "iframe", "object", "a"} & set(found.tags)
    assert len(found.addresses) == len(names) and all(a.startswith("data:image/svg+xml;") for a in found.addresses)
    assert b"http:" not in data and b"https:" not in data and b"@import" not in data and b"url(" not in data
    assert {"not known", "3 measured", "WRONG"} <= set(found.texts)
    assert found.tags[:5] == ["html", "head", "meta", "meta", "meta"]
    assert any("pip install neuroedge[plot]" in line for line in found.texts) == (not names)
