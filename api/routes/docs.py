"""The OpenAPI document as a page to try it on, from files that the package ships."""

from pathlib import Path
from typing import Literal

from fastapi import APIRouter, Response
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import FileResponse

router = APIRouter(include_in_schema=False)

STATIC = Path(__file__).parent.parent / "static"


@router.get("/docs")
def page() -> Response:
    """Swagger UI; the browser asks nobody but this server."""
    return get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="Access Ledger",
        swagger_js_url="/docs/swagger-ui-bundle.js",
        swagger_css_url="/docs/swagger-ui.css",
        swagger_favicon_url="data:,",
    )


@router.get("/docs/{name}")
def file(name: Literal["swagger-ui-bundle.js", "swagger-ui.css"]) -> FileResponse:
    """One of the two files of the page."""
    return FileResponse(STATIC / name)
