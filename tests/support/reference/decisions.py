"""List the pages of decisions."""

from tests.support.checkout import ROOT


def described() -> str:
    """Return a link to each decision, with its title."""
    pages = sorted((ROOT / "docs" / "decisions").glob("0*.md"))
    titles = (page.read_text(encoding="utf-8").partition("\n")[0] for page in pages)
    return "\n".join(
        f"- [{title.removeprefix('# ')}]({page.name})"
        for page, title in zip(pages, titles, strict=True)
    )
