"""Control over HTTP under ``/_standin/``: what the Python methods of ``StandinServer`` do, as JSON."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from standin.messages import Request, Response

if TYPE_CHECKING:
    from standin.server import StandinServer

CONTROL_PREFIX = "/_standin/"


def control(server: StandinServer, request: Request) -> Response:
    """Carry out one control request; 404 unknown, 400 malformed, always with ``message``."""
    name = request.path.removeprefix(CONTROL_PREFIX).strip("/")
    action = _CONTROLS.get((request.method, name))
    if action is None:
        known = sorted(f"{method} {CONTROL_PREFIX}{path}" for method, path in _CONTROLS)
        return Response(404, {"message": f"no control {request.method} {request.path}", "known": known})
    try:
        value = request.json() if request.body else {}
        return Response(200, action(server, value))
    except KeyError as error:
        return Response(400, {"message": f"{error} is missing"})
    except LookupError as error:
        return Response(404, {"message": str(error)})
    except (ValueError, TypeError, AttributeError) as error:
        return Response(400, {"message": str(error)})


def _clock(server: StandinServer, value: dict[str, Any]) -> dict[str, Any]:
    if "advance_s" in value:
        server.advance(float(value["advance_s"]))
    elif "now" in value:
        server.set_clock(value["now"] and datetime.fromisoformat(value["now"]))
    return {"now": server.clock.now().isoformat(), "runs": server.clock.runs}


def _set_faults(server: StandinServer, value: Any) -> dict[str, Any]:
    faults = value.get("faults", []) if isinstance(value, dict) else value
    server.set_faults([_plain_numbers(fault) for fault in faults])
    return {"faults": len(faults)}


def _plain_numbers(fault: dict[str, Any]) -> dict[str, Any]:
    return {name: float(v) if name in {"hold_s", "delay_s"} else v for name, v in fault.items()}


def _resume(server: StandinServer, value: dict[str, Any]) -> dict[str, Any]:
    server.resume(int(value["number"]), value.get("action", "continue"))
    return {"resumed": value["number"]}


def _configure(server: StandinServer, value: dict[str, Any]) -> dict[str, Any]:
    server.configure(value)
    return {"settings": value}


def _done(action: Callable[[StandinServer], object]) -> Callable[[StandinServer, Any], object]:
    def run(server: StandinServer, _value: Any) -> object:
        action(server)
        return {"done": True}

    return run


def _restore(server: StandinServer, value: dict[str, Any]) -> dict[str, Any]:
    server.restore(int(value["id"]))
    return {"restored": value["id"]}


_CONTROLS: dict[tuple[str, str], Callable[[StandinServer, Any], object]] = {
    ("POST", "faults"): _set_faults,
    ("DELETE", "faults"): _done(lambda server: server.clear_faults()),
    ("GET", "counters"): lambda server, _: server.counters(),
    ("POST", "counters/reset"): _done(lambda server: server.reset_counters()),
    ("GET", "clock"): _clock,
    ("POST", "clock"): _clock,
    ("POST", "reset"): _done(lambda server: server.reset()),
    ("POST", "snapshot"): lambda server, _: {"id": server.snapshot()},
    ("POST", "restore"): _restore,
    ("GET", "paused"): lambda server, _: server.paused(),
    ("POST", "resume"): _resume,
    ("POST", "release"): lambda server, _: {"released": server.release()},
    ("POST", "settings"): _configure,
    ("POST", "act"): lambda server, value: server.act(value),
    ("GET", "state"): lambda server, _: server.dump(),
    ("GET", "requests"): lambda server, _: server.requests(),
}
