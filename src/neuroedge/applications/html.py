"""A page in one file: a few lines that escape what they are given, and need nothing from outside."""

import base64
from html import escape
from typing import Any, Iterable, Sequence

__all__ = ["columns", "definitions", "figure", "listing", "page", "tag", "text"]

# wide parts scroll by themselves, so that letters stay large enough on a phone
_STYLE = """
:root { color-scheme: light; }
body { margin: 0 auto; max-width: 48rem; padding: 1rem; background: #fff; color: #111;
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.2; }
h2 { font-size: 1.25rem; margin-top: 2.2rem; border-bottom: 1px solid #ccc; }
.wide, figure { overflow-x: auto; margin: 1rem 0; }
img { display: block; width: 100%; min-width: 30rem; height: auto; }
figcaption { font-size: .9rem; color: #333; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .6rem; border-bottom: 1px solid #ddd; text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; }
dt { font-weight: 600; } dd { margin: 0; overflow-wrap: anywhere; }
pre { overflow-x: auto; background: #f4f4f4; padding: .6rem; }
"""


def text(value: Any) -> str:
    """Any text, as a page shows it: what would be a tag is letters, and what cannot be printed is a question mark."""
    return escape("".join(letter if letter.isprintable() or letter == "\n" else "?" for letter in str(value)))


def tag(name: str, inner: Any) -> str:
    """A text in a tag."""
    return f"<{name}>{text(inner)}</{name}>"


def columns(head: Sequence[Any], rows: Iterable[Sequence[Any]]) -> str:
    """A table; the first column is to the left, the others to the right."""
    lines = ["".join(tag("td", cell) for cell in row) for row in rows]
    body = "\n".join(f"<tr>{line}</tr>" for line in lines)
    top = "".join(f'<th scope="col">{text(cell)}</th>' for cell in head)
    return f'<div class="wide"><table>\n<thead><tr>{top}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>'


def definitions(pairs: Iterable[Sequence[Any]]) -> str:
    """Names, and what each is."""
    return "<dl>\n" + "\n".join(tag("dt", name) + tag("dd", value) for name, value in pairs) + "\n</dl>"


def listing(items: Iterable[Any]) -> str:
    """Points of a list."""
    return "<ul>\n" + "\n".join(tag("li", item) for item in items) + "\n</ul>"


def figure(data: bytes, caption: str) -> str:
    """A picture, SVG or PNG, within the page."""
    kind = "image/png" if data.startswith(b"\x89PNG") else "image/svg+xml"
    source = f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"
    return f'<figure><img src="{source}" alt="{text(caption)}">{tag("figcaption", caption)}</figure>'


def page(title: str, parts: Iterable[str]) -> bytes:
    """A whole page of parts that are HTML already. It loads nothing, and may run nothing."""
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    head = "\n".join(
        [
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            tag("title", title),
            f"<style>{_STYLE}</style>",
        ]
    )
    body = "\n".join([tag("h1", title), *parts])
    return f'<!DOCTYPE html>\n<html lang="en">\n<head>\n{head}\n</head>\n<body>\n{body}\n</body>\n</html>\n'.encode()
