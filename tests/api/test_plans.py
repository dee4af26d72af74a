"""A planned route answers as FastAPI itself would."""

import asyncio
from collections.abc import Iterator
from typing import Annotated

import pytest
from fastapi import APIRouter, Cookie, Depends, FastAPI, Header, Path, Query, Request, Response
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from api.plans import PlannedRoute
from api.running import on_one_thread, wait_for

CALLED: list[str] = []


def _number(limit: Annotated[int, Query(ge=1, le=9)] = 5) -> int:
    CALLED.append("number")
    return limit


async def _twice(number: Annotated[int, Depends(_number)], known: str | None = None) -> str:
    return f"{number * 2} {known}"


async def _door(request: Request) -> None:
    CALLED.append("door")
    if "refuse" in request.headers:
        raise PermissionError


async def _whole(
    request: Request,
    id: Annotated[str, Path(pattern="^[a-z]+$")],
    number: Annotated[int, Depends(_number)],
    twice: Annotated[str, Depends(_twice)],
    from_: Annotated[int, Query(alias="from")],
    tag: Annotated[str, Header(alias="X-Tag")] = "none",
) -> Response:
    return Response(f"{request.method} {id} {number} {twice} {from_} {tag}")


def _plain(id: Annotated[int, Path()]) -> Response:
    return Response(str(id + 1))


def _answer(route_class: type[APIRoute], address: str, headers: dict[str, str]) -> tuple[int, str]:
    router = APIRouter(route_class=route_class, dependencies=[Depends(_door)])
    router.add_api_route("/whole/{id}", _whole)
    router.add_api_route("/plain/{id}", _plain)
    app = FastAPI()
    app.router.routes.extend(router.routes)
    app.add_exception_handler(PermissionError, lambda _, __: Response("refused", 403))
    CALLED.clear()
    answer = TestClient(app).get(address, headers=headers)
    return answer.status_code, answer.text


@pytest.mark.parametrize(
    "address",
    [
        "/whole/a?from=1", "/whole/a?from=1&limit=9&known=x", "/whole/a?from=1&limit=10",
        "/whole/a?from=1&limit=2&limit=3", "/whole/A?from=1", "/whole/a", "/whole/a?from=x",
        "/whole/a?from=", "/whole/a?from=1&known=", "/whole/A?limit=0", "/plain/4", "/plain/x",
    ],
)  # fmt: skip
@pytest.mark.parametrize("headers", [{}, {"X-Tag": "t"}, {"refuse": "1"}])
def test_what_is_asked_for_and_what_is_wrong_is_as_fastapi_reads_it(
    address: str, headers: dict[str, str]
) -> None:
    """The same answer or the same refusal, and each dependency is called as often."""
    by_fastapi, called = _answer(APIRoute, address, headers), tuple(CALLED)
    assert _answer(PlannedRoute, address, headers) == by_fastapi
    assert tuple(CALLED) == called


def test_what_no_plan_gives_is_refused_when_the_app_is_made() -> None:
    """A body, cookies, a response to be filled, or a dependency that is left again."""

    def filled(response: Response) -> None:
        pass

    def left() -> Iterator[None]:
        yield

    def body(value: dict[str, str]) -> None:
        pass

    def cookie(value: Annotated[str, Cookie()]) -> None:
        pass

    for call in (filled, left, body, cookie):
        router = APIRouter(route_class=PlannedRoute, dependencies=[Depends(call)])
        with pytest.raises(TypeError, match=f"{call.__name__}.* asks for more than the request"):
            router.add_api_route("/plain/{id}", _plain)


def test_work_on_a_thread_waits_there_and_nowhere_else() -> None:
    """It would wait for the event loop in vain, and says so."""

    async def waits() -> int:
        return await wait_for(lambda: 1) + await wait_for(lambda: 2)

    assert asyncio.run(on_one_thread(waits)) == 3
    with pytest.raises(RuntimeError, match="waits for the event loop"):
        asyncio.run(on_one_thread(asyncio.sleep, 0))
