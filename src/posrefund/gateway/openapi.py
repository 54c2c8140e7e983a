"""The published description of the door, OpenAPI 3.1, made from the operations themselves. Floor 10."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from posrefund import __version__
from posrefund.gateway.answers import ErrorAnswer
from posrefund.gateway.faults import CODES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from posrefund.gateway.operation import Operation

__all__ = ["openapi_document"]

_TEMPLATE = "#/components/schemas/{name}"
_NAMES: Mapping[str, dict[str, Any]] = {
    "terminal": {
        "description": "Number of the terminal, DE41.",
        "schema": {"type": "string", "minLength": 8, "maxLength": 8, "pattern": "^[ -.0-~]{8}$"},
    },
    "request": {
        "description": "The shop's own number of the request.",
        "schema": {"type": "string", "pattern": "^[0-9A-Za-z._:-]{1,64}$"},
    },
    "seat": {
        "description": "Name of a clerk's seat at a counter.",
        "schema": {"type": "string", "pattern": "^[0-9A-Za-z_-]{1,64}$"},
    },
    "link": {
        "description": "The secret of a link to sign by phone.",
        "schema": {"type": "string", "pattern": "^[0-9A-Za-z_-]{43}$"},
    },
    "name": {
        "description": "What the host asks for.",
        "schema": {"type": "string", "pattern": "^[a-z_]{1,32}$"},
    },
    "fault": {
        "description": "Name of the fault.",
        "schema": {"type": "string", "pattern": "^F-[0-9]{1,12}$"},
    },
    "complaint": {
        "description": "Name of the complaint.",
        "schema": {"type": "string", "pattern": "^K-[0-9]{1,12}$"},
    },
}
_AFTER_TOKEN = (401, 403, 429)
_OF_TERMINAL = (404, 409, 500, 502, 503, 504)
_OF_BODY = (400, 408, 413, 415, 422)


def openapi_document(operations: Sequence[Operation]) -> dict[str, Any]:
    """Return the description of those of *operations* that are published."""
    operations = [each for each in operations if each.is_published]
    shapes: list[Any] = [ErrorAnswer]
    for each in operations:
        shapes += [each.body] if each.body is not None else []
        shapes += [shape for answer in each.answers.values() for shape in _each(answer)]
    _, components = msgspec.json.schema_components(shapes, ref_template=_TEMPLATE)
    for each in operations:
        if each.body is not None and (ways := getattr(each.body, "ways", ())):
            choice = [{"required": [way]} for way in ways]
            components[each.body.__name__]["oneOf"] = choice
    paths: dict[str, Any] = {}
    for each in operations:
        paths.setdefault(each.path, {})[each.method.lower()] = _described(each)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "posrefund",
            "version": __version__,
            "description": "Refunds that are never made twice. No answer? Ask for the status; the same id again is harmless.",
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _described(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "security": [{"token": []}] if operation.right is not None else [],
        "responses": {
            **{
                str(status): _success(shape, operation.media)
                for status, shape in operation.answers.items()
            },
            **{str(status): _failure(status) for status in _statuses(operation)},
        },
    }
    if parameters := [*_in_path(operation.path), *_in_query(operation), *_in_header(operation)]:
        described["parameters"] = parameters
    if operation.body is not None:
        schema = {"$ref": _TEMPLATE.format(name=operation.body.__name__)}
        content = {"application/json": {"schema": schema}}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _statuses(operation: Operation) -> list[int]:
    found = {*operation.statuses}
    if operation.right is not None:
        found |= {*_AFTER_TOKEN}
    if "{terminal}" in operation.path:
        found |= {*_OF_TERMINAL, 422}
    if operation.body is not None:
        found |= {*_OF_BODY}
    if operation.query is not None:
        found.add(422)
    return sorted(found)


def _each(shapes: Any) -> tuple[Any, ...]:
    return shapes if isinstance(shapes, tuple) else (shapes,)


def _success(shapes: Any, media: str) -> dict[str, Any]:
    refs = [{"$ref": _TEMPLATE.format(name=shape.__name__)} for shape in _each(shapes)]
    schema: dict[str, Any] = refs[0] if len(refs) == 1 else {"anyOf": refs}
    return {"description": "Done.", "content": {media: {"schema": schema}}}


def _failure(status: int) -> dict[str, Any]:
    codes = [code for code, (has, _, _) in CODES.items() if has == status]
    said = ", ".join(codes) + (", or the code of a rule" if status in (403, 409) else "")
    schema = {"$ref": _TEMPLATE.format(name="ErrorAnswer")}
    answer: dict[str, Any] = {
        "description": said,
        "content": {"application/json": {"schema": schema}},
    }
    if status in (429, 503):
        wait = {"description": "Seconds to wait.", "schema": {"type": "string"}}
        answer["headers"] = {"Retry-After": wait}
    return answer


def _in_path(path: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, **_NAMES[name]}
        for name in re.findall(r"{(\w+)}", path)
    ]


def _in_query(operation: Operation) -> list[dict[str, Any]]:
    if operation.query is None:
        return []
    _, components = msgspec.json.schema_components([operation.query], ref_template=_TEMPLATE)
    members: dict[str, Any] = components[operation.query.__name__]["properties"]
    return [
        {"name": name, "in": "query", "required": False, "schema": _without_null(schema)}
        for name, schema in members.items()
    ]


def _in_header(operation: Operation) -> list[dict[str, Any]]:
    return [
        {"name": name.title(), "in": "header", "required": False, "schema": {"type": "string"}}
        for name in operation.headers
    ]


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """What may be left out in JSON as null is simply not said in a question."""
    kept = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    found = kept[0] if len(kept) == 1 else schema
    return {name: value for name, value in found.items() if name != "default"}
