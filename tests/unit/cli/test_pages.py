"""The pages of the documentation, as a terminal shows them."""

from pathlib import Path

from catalog.cli.pages import Page, pages, plain

TEXT = """\
# Alpha

[![picture](demo.svg)](demo.svg)

The first page, see [rules](rules.md#held). It has more.

## hold.share

A part.

```sh
# no heading
~~~
```

### Deeper

Text.

## `catalog sync` ##

The last one.
"""


def test_the_first_sentence_tells_what_a_page_is_about() -> None:
    """Pictures are skipped, and a page without prose has its title."""
    assert Page("a", TEXT).about == "The first page, see rules (`catalog help rules`)."
    assert Page("b", "# Only a title\n").about == "Only a title"


def test_a_section_ends_at_the_next_heading_of_its_level() -> None:
    """Deeper headings belong to a section, and lines of code are no headings."""
    found = dict(Page("a", TEXT).sections())
    assert list(found) == ["Alpha", "hold.share", "Deeper", "catalog sync"]
    assert found["hold.share"].endswith("### Deeper\n\nText.")
    assert found["catalog sync"].endswith("The last one.")


def test_the_marks_of_generated_text_are_hidden(tmp_path: Path) -> None:
    """The lines around generated text are no part of a page."""
    marked = "# A\n\n<!-- generated: x -->\n\n## B\n\nText.\n\n<!-- generated:end -->\n\n## C\n"
    (tmp_path / "a.md").write_text(marked, encoding="utf-8")
    assert pages(tmp_path)["a"].text == "# A\n\n## B\n\nText.\n\n## C\n"


def test_links_become_topics_or_addresses() -> None:
    """A page is a topic, an address is shown, and everything else keeps its text."""
    assert plain("[rules](rules.md)") == "rules (`catalog help rules`)"
    assert plain("[here](#there)") == "here"
    assert plain("[why](decisions/018.md)") == "why"
    assert plain("[the list](models.md)") == "the list"
    assert plain("[site](https://example.org/a)") == "site <https://example.org/a>"
