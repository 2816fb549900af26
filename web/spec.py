"""spectree set up for this house: validation before a route runs, our own error bodies, OpenAPI 3.1."""

from typing import Any

from flask import Response as FlaskResponse, current_app, request
from pydantic import ValidationError
from spectree import Response, SpecTree
from spectree.plugins.flask_plugin import FlaskPlugin
from werkzeug.exceptions import UnsupportedMediaType

from pipeline.errors import InputError
from web.schemas import Problem


class Plugin(FlaskPlugin):
    """Checks JSON responses in tests only: spectree answers 500 with the offending values, which no user should see."""

    def validate_response(self, resp: Any, resp_model: Any, skip_validation: bool, force_resp_serialize: bool) -> Any:
        if isinstance(resp, FlaskResponse):  # a stream or a file: spectree would read all of it before the first byte is sent
            return resp, None
        return super().validate_response(resp, resp_model, skip_validation or not current_app.testing, force_resp_serialize)

    def request_validation(self, request: Any, query: Any, json: Any, form: Any, headers: Any, cookies: Any) -> None:
        """A body that is no JSON is an error of its own; spectree would call its fields missing."""
        if json is not None:
            if not request.is_json:
                raise UnsupportedMediaType
            request.get_json()
        super().request_validation(request, query, json, form, headers, cookies)  # type: ignore[no-untyped-call]


def _refuse(_request: Any, _response: Any, error: Exception | None, _instance: Any, _adapter: Any) -> None:
    """Raises what is wrong with a request, naming the field. Its value is left out: it may be long, or a secret."""
    if not isinstance(error, ValidationError):
        return
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"]) or ("body" if request.is_json else "query")
    raise InputError("bad_request", f"{where}: {first['msg']}.")


def responses(**models: Any) -> Response:
    """The given answers and the errors that every route can give."""
    errors = {f"HTTP_{status}": Problem for status in (400, 401, 403, 404, 422, 503)}
    return Response(**{**errors, **models})


spec = SpecTree(
    "flask",
    backend=Plugin,
    title="Nutshell",
    version="1",
    description="Any video, in a nutshell. Errors are application/problem+json after RFC 9457, with a stable `code`.",
    path="api/v1/doc",
    mode="strict",
    before=_refuse,
    naming_strategy=lambda model: model.__name__,
    nested_naming_strategy=lambda _parent, child: child,
    security_schemes=None,
)
