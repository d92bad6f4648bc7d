"""What the modulation editor offers, as tables, and the routes that come of a choice. Pure."""

from __future__ import annotations

from app.engine_names import Matrix, Route, Shape

NUM_BANDS, NUM_MACROS = 8, 8
RHYTHMIC = ("lfo", "walk", "beat")  # the kinds with a speed
SOURCES: tuple[tuple[str, dict[str, object]], ...] = (
    ("Sine", {"kind": "lfo", "shape": Shape.SINE}),
    ("Triangle", {"kind": "lfo", "shape": Shape.TRIANGLE}),
    ("Saw", {"kind": "lfo", "shape": Shape.SAW}),
    ("Square", {"kind": "lfo", "shape": Shape.SQUARE}),
    ("Random steps", {"kind": "lfo", "shape": Shape.SAMPLE_HOLD}),
    ("Wander", {"kind": "walk"}),
    ("Beat", {"kind": "beat"}),
    ("Sound: level", {"kind": "level"}),
    ("Sound: attacks", {"kind": "onset"}),
    *(
        (f"Sound: band {number}", {"kind": "band", "number": number})
        for number in range(1, NUM_BANDS + 1)
    ),
    *(
        (f"Macro {number}", {"kind": "macro", "number": number})
        for number in range(1, NUM_MACROS + 1)
    ),
)
SPEEDS: tuple[tuple[str, dict[str, float | None]], ...] = (
    *((f"{beats} beats", {"beats": float(beats)}) for beats in (64, 32, 16, 8, 4, 2)),
    ("1 beat", {"beats": 1.0}),
    ("1/2 beat", {"beats": 0.5}),
    ("1/4 beat", {"beats": 0.25}),
    *(
        (f"{1 / rate_hz:g} s", {"beats": None, "rate_hz": rate_hz})
        for rate_hz in (0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0)
    ),
)
USUAL_SPEED = {"beats": 4.0}
USUAL_AMOUNT = 0.25


def route_of(matrix: Matrix, name: str) -> Route | None:
    """The first that moves a parameter: the one that the editor shows."""
    return next((route for route in matrix if route.parameter == name), None)


def with_route(matrix: Matrix, name: str, route: Route | None) -> Matrix:
    """The matrix with that one in place of the first; None takes it out."""
    old, new = route_of(matrix, name), () if route is None else (route,)
    if old is None:
        return (*matrix, *new)
    at = matrix.index(old)
    return (*matrix[:at], *new, *matrix[at + 1 :])


def source_index(route: Route) -> int:
    """Its place in `SOURCES`."""
    return next(n for n, (_, fields) in enumerate(SOURCES) if _has(route, fields))


def speed_index(route: Route) -> int:
    """Its place in `SPEEDS`; -1 for one of a file's own, or where there is none."""
    places = [n for n, (_, fields) in enumerate(SPEEDS) if _has(route, fields)]
    return places[0] if has_speed(route) and places else -1


def has_speed(route: Route) -> bool:
    """Whether it goes in cycles."""
    return route.signal.kind in RHYTHMIC


def offers_seconds(route: Route) -> bool:
    """Whether its cycles can do without the beat."""
    return route.signal.kind != "beat"


def with_source(route: Route | None, name: str, index: int) -> Route:
    """Another signal at the same speed, as far as it has one; amount and smoothing stay."""
    signal: dict[str, object] = dict(SOURCES[index][1])
    if signal["kind"] in RHYTHMIC:
        signal |= _speed_of(route, in_beats=signal["kind"] == "beat")
    if route is None:
        content = {"parameter": name, "signal": signal, "amount": USUAL_AMOUNT}
    else:
        content = route.model_dump() | {"signal": signal}
    return Route.model_validate(content)


def with_speed(route: Route, index: int) -> Route:
    """Unchanged where it has none."""
    fields = SPEEDS[index][1]
    if not has_speed(route) or (fields["beats"] is None and not offers_seconds(route)):
        return route
    return route.model_copy(update={"signal": route.signal.model_copy(update=fields)})


def _speed_of(route: Route | None, in_beats: bool) -> dict[str, float | None]:
    if route is None or not has_speed(route):
        return dict(USUAL_SPEED)
    beats = getattr(route.signal, "beats", None)
    if in_beats:
        return {"beats": beats} if beats else dict(USUAL_SPEED)
    return {"beats": beats, "rate_hz": getattr(route.signal, "rate_hz", 0.25)}


def _has(route: Route, fields: dict[str, object] | dict[str, float | None]) -> bool:
    return all(getattr(route.signal, name, None) == value for name, value in fields.items())
