"""How a route is given what it asks for: a plan that is made once, with the app.

FastAPI looks at every dependency and every parameter of a route again at each request, which costs
more than most answers. Where all is well, what is asked for is read by the plan. A request in which
something is missing or wrong is left to FastAPI, which says so.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from typing import Any

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from opentelemetry import trace

from api.running import is_embedded, on_one_thread, wait_for

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


@dataclass(frozen=True, slots=True)
class _Parameter:
    """A value that a request may bring."""

    place: str
    """The attribute of a request that holds such values."""
    alias: str
    required: bool
    default: Any
    validate: Callable[[Any], tuple[Any, list[Any]]]


@dataclass(frozen=True, slots=True)
class _Step:
    """One call, and by the names of its arguments where they are found."""

    call: Callable[..., Any]
    on_loop: bool
    request: str | None
    parameters: dict[str, int]
    results: dict[str, int]
    """Of earlier steps."""


class _Wrong(Exception):
    """Something is missing or wrong in a request."""


class _Plan:
    """All parameters and calls of a route, in FastAPI's order; the last is its own function."""

    def __init__(self, dependant: Dependant) -> None:
        self._parameters: list[_Parameter] = []
        self._steps: list[_Step] = []
        self._add(dependant)

    def _add(self, dependant: Dependant) -> int:
        parts = [(part.name, self._add(part)) for part in dependant.dependencies]
        call = dependant.call
        assert call is not None
        _require_plain(dependant)
        for number, step in enumerate(self._steps):
            if step.call is call:  # once for each request
                return number
        self._steps.append(
            _Step(
                call,
                iscoroutinefunction(call) or iscoroutinefunction(type(call).__call__),
                dependant.request_param_name or dependant.http_connection_param_name,
                self._read(dependant),
                {name: number for name, number in parts if name is not None},
            )
        )
        return len(self._steps) - 1

    def _read(self, dependant: Dependant) -> dict[str, int]:
        found = {}
        for place, fields in (
            ("path_params", dependant.path_params),
            ("query_params", dependant.query_params),
            ("headers", dependant.header_params),
        ):
            for field in fields:
                found[field.name] = len(self._parameters)
                required = field.field_info.is_required()
                self._parameters.append(
                    _Parameter(place, field.alias, required, field.default, field.validate)
                )
        return found

    @property
    def query_names(self) -> frozenset[str]:
        """The parameters that a query may give."""
        return frozenset(one.alias for one in self._parameters if one.place == "query_params")

    def _value(self, request: Request, parameter: _Parameter) -> Any:
        value = getattr(request, parameter.place).get(parameter.alias)
        if value is None:
            if parameter.required:
                raise _Wrong
            return parameter.default
        value, errors = parameter.validate(value)
        if errors:
            raise _Wrong
        return value

    def values(self, request: Request) -> list[Any]:
        """What the request brings, whole. Raises _Wrong."""
        return [self._value(request, parameter) for parameter in self._parameters]

    async def answer(self, request: Request, values: list[Any]) -> Response:
        """What the last step returns."""
        results: list[Any] = []
        for step in self._steps:
            given = {name: values[number] for name, number in step.parameters.items()}
            for name, number in step.results.items():
                given[name] = results[number]
            if step.request:
                given[step.request] = request
            if step.on_loop:
                results.append(await step.call(**given))
            else:
                results.append(await wait_for(step.call, **given))
        response: Response = results[-1]
        return response


def _require_plain(dependant: Dependant) -> None:
    """Raise TypeError for a call that asks for what no plan gives, when the app is made."""
    beyond = (
        dependant.body_params
        or dependant.cookie_params
        or dependant.response_param_name
        or dependant.background_tasks_param_name
        or dependant.security_scopes_param_name
        or isgeneratorfunction(dependant.call)
        or isasyncgenfunction(dependant.call)
    )
    if beyond:
        raise TypeError(
            f"{dependant.call} asks for more than the request and values of its path, query and "
            "headers; read it from the request, or let the route be an APIRoute"
        )


class PlannedRoute(APIRoute):
    """A route of the API that goes by its plan."""

    asks_store = False
    """Whether it always does. Over a network it waits then, for the key and for the answer."""

    query_names: frozenset[str]
    """The parameters that a query may give."""

    def get_route_handler(self) -> Handler:
        """The function that answers its requests."""
        by_fastapi, plan = super().get_route_handler(), _Plan(self.dependant)
        self.query_names = plan.query_names

        async def by_plan(request: Request) -> Response:
            if trace.get_current_span().is_recording():  # FastAPI tells of each part
                return await by_fastapi(request)
            try:
                values = plan.values(request)
            except _Wrong:
                return await by_fastapi(request)
            waits = self.asks_store and request.method == "GET"  # and no body comes in meanwhile
            if waits and not is_embedded(request.app.state.services):
                return await on_one_thread(plan.answer, request, values)
            return await plan.answer(request, values)

        return by_plan


class KeyedRoute(PlannedRoute):
    """A route that looks up the key before all else."""

    asks_store = True
