"""Make the body of each page from the store. The server and the static site use it."""

import re
from collections.abc import Callable
from typing import Any

from catalog.core.errors import NotFound
from catalog.web.answer import Body
from catalog.web.bodies import html_body, json_body, markdown_body
from catalog.web.links import Links, model_path
from catalog.web.pages import PAGES, Page
from catalog.web.query import Query
from catalog.web.reader import Reading
from catalog.web.render import page as render
from catalog.web.views.changes import (
    ChangesView,
    FindingView,
    changes_json,
    changes_markdown,
    finding_view_json,
    read_finding,
    read_month,
)
from catalog.web.views.model import ModelView, model_view_json, read_model

JSON, MARKDOWN = ".json", ".md"
_NUMBER = re.compile(r"[0-9]{1,9}")


class Site:
    """The pages, with the links of the place where they are shown.

    `links` gives the links of a page by its path.
    """

    def __init__(self, links: Callable[[str], Links]) -> None:
        self.links = links

    def page(self, page: Page[Any], reading: Reading, query: Query, twin: str = "") -> Body:
        """Return a page, or its twin `.json` or `.md`."""
        view = page.read(reading, query)
        if twin == JSON:
            return json_body(page.as_json(view, reading))
        if twin == MARKDOWN:
            return markdown_body(page.title, page.as_markdown(view))
        return self._html(page.template, page.path, page.title, reading, view=view)

    def model(self, reading: Reading, provider: str, name: str, query: Query) -> Body:
        """Return the page of a model, or its JSON twin.

        The twin has `.json` after the name. A model whose own name ends so has
        precedence. Raise NotFound.
        """
        try:
            view = read_model(reading, provider, name, query)
        except NotFound:
            if not name.endswith(JSON):
                raise
            view = read_model(reading, provider, name.removesuffix(JSON), query)
            return json_body(model_view_json(view, reading))
        return self.model_page(view, reading)

    def model_page(self, view: ModelView, reading: Reading) -> Body:
        """Return the page of a model as HTML. The key is stable, a name is not."""
        details = view.details
        path, title = model_path(details.provider, details.model.key), details.model.name
        return self._html("model.html", path, title, reading, view=view, dated=self._is_live(path))

    def changes(self, reading: Reading, which: str) -> Body:
        """Return the page of a finding or of a month."""
        stem, dot, ending = which.rpartition(".")
        name, twin = (stem, dot + ending) if ending in {"json", "md"} else (which, "")
        if _NUMBER.fullmatch(name):
            return self._finding(reading, int(name), twin)
        view = read_month(reading, name)
        return self.month(view, reading, name, twin)

    def month(self, view: ChangesView, reading: Reading, name: str, twin: str = "") -> Body:
        """Return the page of a month, or its twin."""
        if twin == JSON:
            return json_body(changes_json(view, reading))
        if twin == MARKDOWN:
            return markdown_body(f"Changes of {name}", changes_markdown(view))
        path, title = f"/changes/{name}", f"Changes of {name}"
        return self._html(
            "changes.html", path, title, reading, view=view, dated=self._is_live(path)
        )

    def _finding(self, reading: Reading, number: int, twin: str) -> Body:
        view = read_finding(reading, number)
        if twin == JSON:
            return json_body(finding_view_json(view, reading))
        if twin == MARKDOWN:
            raise NotFound("a change has no Markdown", hint="Take the page or its .json.")
        return self.finding_page(view, reading)

    def finding_page(self, view: FindingView, reading: Reading) -> Body:
        """Return the page of a finding as HTML."""
        path, title = f"/changes/{view.finding.number}", f"Change {view.finding.number}"
        return self._html("change.html", path, title, reading, view=view, dated=self._is_live(path))

    def _is_live(self, path: str) -> bool:
        return self.links(path).is_live

    def _html(self, template: str, path: str, title: str, reading: Reading, **values: Any) -> Body:
        links = self.links(path)
        menu = [(page.path, page.title) for page in PAGES]
        text = render(template, links, reading.now, path=path, title=title, menu=menu, **values)
        return html_body(text)
