"""Choose the control: the model that is called first, to see whether the API works at all."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from catalog.core.errors import NotFound
from catalog.core.probe import Call, Cell, Probe, Verdict

Cells = Mapping[tuple[str, str], Cell]


def with_control(
    plan: list[Call], possible: Iterable[Call], known: Cells, name: str | None
) -> list[Call]:
    """Return a plan with the control first.

    The control is the model `name`, by default the one that answered last. If its last call failed,
    another one is the control, so that a retired model does not end every run. There is none if no
    model answered so far, or if no other model is called. Raise NotFound if `name` is not among the
    possible calls.
    """
    control = _control([call for call in possible if call.skip is None], known, name)
    if control is None or all(call.name == control.name for call in plan):
        return plan
    others = (call for call in plan if (call.name, call.route) != (control.name, control.route))
    return [replace(control, is_control=True), *others]


def _control(possible: list[Call], known: Cells, name: str | None) -> Call | None:
    if name is not None:
        possible = [call for call in possible if name in {call.name, call.key}]
        if not possible:
            text = f"probe.control names {name!r}, which is no model that can be called"
            raise NotFound(text, hint="`catalog probe --dry-run` lists what can be called.")
    ranked = [(rank, call) for call in possible if (rank := _rank(known, call)) is not None]
    if ranked:
        return max(ranked, key=lambda each: each[0])[1]
    return None if name is None else possible[0]


def _rank(known: Cells, call: Call) -> tuple[bool, float, int] | None:
    """Return how well a call suits, None if it never answered.

    The best one answered last. If none of the last calls was answered, it is the one that was not
    called for the longest time.
    """
    cell = known.get((call.name, call.route))
    if cell is None or cell.newest is None or cell.verdict is not Verdict.ANSWERS:
        return None
    answered, at = cell.newest.verdict is Verdict.ANSWERS, cell.newest.at.timestamp()
    return answered, at if answered else -at, -call.calls


def unanswered(control: Probe) -> str | None:
    """Return why the other models are not called, or None if the control answered."""
    if control.verdict is Verdict.ANSWERS:
        return None
    words = control.result.said if control.verdict is Verdict.SKIPPED else None
    return f"the control model {control.name} did not answer ({words or control.verdict})"
