"""The HTML part of a mail."""

from html.parser import HTMLParser

from catalog.alerts.html import page

TEXT = """\
⛔ <b>llama3</b> removed; instead: qwen3 & co
   Calls that use this name fail once the provider stops serving it.
More: `catalog explain 17`

── 2026-05-19 15:48 UTC
infomaniak: 1 breaking
https://example.org/models?a=1&b=2
see https://example.org/evil in a name
\u2139\ufe0f alpha added"""


class Tags(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a tag."""
        self.found.append((tag, dict(attrs)))


def test_each_line_has_its_place() -> None:
    """Findings are colored, reasons are indented, commands are code, times are headings."""
    lines = page("a & b", TEXT).splitlines()
    assert "<title>a &amp; b</title>" in lines[2]
    assert '⛔<span style="color: #b3261e"> &lt;b&gt;llama3&lt;/b&gt; removed; ' in lines[4]
    assert "margin-left" in lines[5]
    assert lines[6] == "<div>More: <code>catalog explain 17</code></div>"
    assert lines[7:9] == ["<br>", "<h3>2026-05-19 15:48 UTC</h3>"]
    assert "#1f5fa8" in lines[12]


def test_the_page_loads_nothing_and_links_only_whole_lines() -> None:
    """Only a line that is one address is a link, and no tag loads anything."""
    tags = Tags(page("t", TEXT)).found
    assert {tag for tag, _ in tags} <= {
        *("html", "head", "meta", "title", "body", "div", "span", "code", "br", "h3", "a"),
    }
    links = [attributes["href"] for tag, attributes in tags if tag == "a"]
    assert links == ["https://example.org/models?a=1&b=2"]
    assert not any("src" in attributes for _, attributes in tags)
