"""Add pages outside of docs/ to the site.

Links are changed too: `docs/faq.md` in such a page, and `../CHANGELOG.md` in a page of docs/. Paths
of other files, such as `catalog/changes/rules.toml`, are shown as text.
"""

import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "CODE_OF_CONDUCT.md")
LINK = re.compile(r"\]\(([^)\s]+)\)")


def on_files(files: Any, config: Any) -> Any:
    """Add the pages in the root of the repository."""
    from mkdocs.structure.files import File

    for name in PAGES:
        text = (ROOT / name).read_text(encoding="utf-8")
        content = LINK.sub(lambda found: f"]({found[1].removeprefix('docs/')})", text)
        files.append(File.generated(config, name, content=content))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Change links to the added pages."""
    if page.file.src_uri in PAGES:
        return markdown
    return LINK.sub(lambda found: f"]({_inside(found[1])})", markdown)


def _inside(address: str) -> str:
    path, mark, anchor = address.partition("#")
    name = path.removeprefix("../")
    return f"{name}{mark}{anchor}" if name in PAGES else address
