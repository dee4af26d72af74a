"""Answers as responses: serialised once, with a link to the next page where there is one."""

from urllib.parse import urlencode

from fastapi import Request, Response
from pydantic import BaseModel

from api.freshness import fresh


def shown(request: Request, answer: BaseModel, *, status: int = 200) -> Response:
    """The answer as JSON, or 304 where the caller has it already."""
    response = Response(
        answer.model_dump_json(by_alias=True), status, media_type="application/json"
    )
    cursor = vars(answer).get("next_cursor")
    if cursor:
        limit = request.query_params.get("limit")
        kept = {"cursor": cursor, **({"limit": limit} if limit else {})}
        # Relative, so that it holds behind a proxy and no Host header decides where it leads.
        response.headers["Link"] = f'<{request.url.path}?{urlencode(kept)}>; rel="next"'
    return fresh(request, answer, response)
