"""Serve `/api/v1/`, described by OpenAPI 3.1."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from catalog.core.clock import stamp
from catalog.store.keys import newest_heads
from catalog.web import api_schema as schema
from catalog.web.answer import Answers, Body
from catalog.web.bodies import json_body
from catalog.web.deprecation import deprecation_headers
from catalog.web.query import Query
from catalog.web.reader import Reading
from catalog.web.views.calendar import calendar_json, read_calendar
from catalog.web.views.changes import change_json, finding_view_json, page_of, read_finding
from catalog.web.views.compare import comparison_json, read_comparison
from catalog.web.views.model import model_view_json, read_model
from catalog.web.views.models import models_json, read_models
from catalog.web.views.probes import probes_json, read_probes
from catalog.web.views.status import read_service, service_json

ROOT = "/api/v1"
Make = Callable[[Reading, Query, dict[str, Any]], Body]


@dataclass(frozen=True, slots=True)
class ApiRoute:
    """One route below the root, with its parameters and its answer."""

    path: str
    summary: str
    parameters: tuple[schema.Schema, ...]
    answer: schema.Schema
    make: Make
    shows_polls: bool = False


def add_api(app: FastAPI, answers: Answers) -> None:
    """Add every route of the API to an application."""
    for route in ROUTES:
        errors = schema.problems(400, 404, 503)
        content = {"application/json": {"schema": route.answer}}
        endpoint = _endpoint(answers, route)
        # This one answers, because that of FastAPI refuses HEAD. It only describes.
        app.router.routes.append(Route(ROOT + route.path, endpoint))
        app.add_api_route(
            ROOT + route.path,
            endpoint,
            methods=["GET"],
            summary=route.summary,
            operation_id=route.summary.lower().replace(" ", "_").replace(",", ""),
            responses={200: {"description": route.summary, "content": content}, **errors},
            response_class=Response,
            openapi_extra={"parameters": list(route.parameters)},
        )


def _endpoint(answers: Answers, route: ApiRoute) -> Callable[[Request], Response]:
    def endpoint(request: Request) -> Response:
        def body(reading: Reading) -> Body:
            return route.make(
                reading, Query(request.query_params, reading.now), request.path_params
            )

        return answers.answer(request, body, shows_polls=route.shows_polls)

    return endpoint


def _providers(reading: Reading, query: Query, _path: dict[str, Any]) -> Body:
    known = service_json(read_service(reading, query), reading)
    return json_body({"providers": known["providers"]})


def _status(reading: Reading, query: Query, _path: dict[str, Any]) -> Body:
    return json_body(service_json(read_service(reading, query), reading))


def _models(reading: Reading, query: Query, _path: dict[str, Any]) -> Body:
    return json_body(models_json(read_models(reading, query), reading))


def _model(reading: Reading, query: Query, path: dict[str, Any]) -> Body:
    view = read_model(reading, path["provider"], path["name"], query)
    return json_body(model_view_json(view, reading), *deprecation_headers(view.details))


def _changes(reading: Reading, query: Query, _path: dict[str, Any]) -> Body:
    page = page_of(reading, query)
    known: dict[str, Any] = {"changes": [change_json(each) for each in page.findings]}
    return json_body(known | ({"next": page.older} if page.older else {}))


def _change(reading: Reading, _query: Query, path: dict[str, Any]) -> Body:
    view = read_finding(reading, Query({"number": path["number"]}, reading.now).number("number", 0))
    return json_body(finding_view_json(view, reading))


def _diff(reading: Reading, query: Query, _path: dict[str, Any]) -> Body:
    return json_body(comparison_json(read_comparison(reading, query), reading))


def _forecasts(reading: Reading, query: Query, _path: dict[str, Any]) -> Body:
    return json_body(calendar_json(read_calendar(reading, query), reading))


def _probes(reading: Reading, query: Query, _path: dict[str, Any]) -> Body:
    return json_body(probes_json(read_probes(reading, query), reading))


def _snapshots(reading: Reading, query: Query, _path: dict[str, Any]) -> Body:
    names = [settings.one.name for settings in reading.selected(query.text("provider"))]
    size = query.number("limit", 100, 200, least=1)
    heads = newest_heads(reading.connection, names, query.number("cursor", 0), size + 1)
    shown = [
        {
            "snapshot": head.number,
            "provider": head.provider,
            "taken_at": stamp(head.taken_at),
            "models": head.model_count,
            "digest": head.digest,
        }
        for head in heads[:size]
    ]
    following = {"next": heads[size - 1].number} if len(heads) > size else {}
    return json_body({"snapshots": shown, **following})


_NEXT = {"next": schema.NUMBER}
ROUTES = (
    ApiRoute(
        "/providers",
        "List providers",
        (schema.PROVIDER,),
        schema.document({"providers": schema.many(schema.STATUS)}),
        _providers,
        shows_polls=True,
    ),
    ApiRoute(
        "/status",
        "Show the health of the service",
        (schema.PROVIDER,),
        schema.document({"well": {"type": "boolean"}, "headline": schema.TEXT}),
        _status,
        shows_polls=True,
    ),
    ApiRoute(
        "/models",
        "List models",
        (
            *(schema.PROVIDER, schema.AT, schema.TYPE, schema.STATUS_NAME, schema.Q),
            *(schema.LIMIT, schema.CURSOR),
        ),
        schema.document({"catalogs": schema.many(schema.CATALOG), "total": schema.NUMBER}, _NEXT),
        _models,
    ),
    ApiRoute(
        "/models/{provider}/{name:name}",
        "Show one model with its history",
        (*schema.IN_PATH, schema.AT),
        schema.document(schema.MODEL["properties"] | {"history": schema.many(schema.CHANGE)}),
        _model,
    ),
    ApiRoute(
        "/changes",
        "List changes, newest first",
        (
            *(schema.PROVIDER, schema.MODEL_NAME, schema.SINCE, schema.UNTIL),
            *(schema.LEVEL, schema.RULE, schema.LIMIT, schema.CURSOR),
        ),
        schema.document({"changes": schema.many(schema.CHANGE)}, _NEXT),
        _changes,
    ),
    ApiRoute(
        "/changes/{number}",
        "Show one change",
        (schema.CHANGE_NUMBER,),
        schema.document({"sentence": schema.TEXT, "level": schema.TEXT, "rule": schema.TEXT}),
        _change,
    ),
    ApiRoute(
        "/diff",
        "Compare two moments",
        (schema.PROVIDER, schema.FROM, schema.TO, schema.LIMIT, schema.CURSOR),
        schema.document({"comparisons": schema.many(schema.COMPARISON)}, _NEXT),
        _diff,
    ),
    ApiRoute(
        "/forecasts",
        "List models that end",
        (schema.PROVIDER, schema.LIMIT, schema.CURSOR),
        schema.document({"forecasts": schema.many(schema.ENDING)}, _NEXT),
        _forecasts,
    ),
    ApiRoute(
        "/probes",
        "List the results of calls",
        (schema.PROVIDER, schema.LIMIT, schema.CURSOR),
        schema.document({"matrices": schema.many(schema.MATRIX)}, _NEXT),
        _probes,
    ),
    ApiRoute(
        "/snapshots",
        "List snapshots, newest first",
        (schema.PROVIDER, schema.LIMIT, schema.CURSOR),
        schema.document({"snapshots": schema.many(schema.SNAPSHOT)}, _NEXT),
        _snapshots,
    ),
)
