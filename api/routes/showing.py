"""Answers as responses: serialised once, with a link to the next page where there is one."""

from fastapi import Request, Response
from pydantic import BaseModel


def shown(request: Request, answer: BaseModel, *, status: int = 200) -> Response:
    """The answer as JSON."""
    response = Response(
        answer.model_dump_json(by_alias=True), status, media_type="application/json"
    )
    cursor = getattr(answer, "next_cursor", None)
    if cursor:
        limit = request.query_params.get("limit")
        kept = {"cursor": cursor, **({"limit": limit} if limit else {})}
        url = request.url.replace(query="").include_query_params(**kept)
        response.headers["Link"] = f'<{url}>; rel="next"'
    return response
