"""Choose the control, the model that is called first.

Its answer shows whether the API works at all.
"""

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
    another one is the control, so that a retired model does not end every run. The plan has no
    control if no model answered so far, or if no other model is called. Raise NotFound if `name` is
    not among the possible calls.
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
            text = f"probe.control names {name!r}, which is not a model that can be called"
            raise NotFound(text, hint="`catalog probe --dry-run` lists the possible calls.")
    ranked = [(rank, call) for call in possible if (rank := _rank(known, call)) is not None]
    if ranked:
        return max(ranked, key=lambda each: each[0])[1]
    return None if name is None else possible[0]


def _rank(known: Cells, call: Call) -> tuple[bool, float, int] | None:
    """Return the rank of a call, None if it never answered.

    The model that answered last has the highest rank. If all last calls failed, the one that was
    not called for the longest time has it.
    """
    cell = known.get((call.name, call.route))
    if cell is None or cell.newest is None or cell.verdict is not Verdict.ANSWERS:
        return None
    answered, at = cell.newest.verdict is Verdict.ANSWERS, cell.newest.at.timestamp()
    return answered, at if answered else -at, -call.calls


def unanswered(control: Probe) -> str | None:
    """Return why other models are not called, or None.

    None means that the control answered.
    """
    if control.verdict is Verdict.ANSWERS:
        return None
    words = control.result.said if control.verdict is Verdict.SKIPPED else None
    return f"the control model {control.name} did not answer ({words or control.verdict})"
