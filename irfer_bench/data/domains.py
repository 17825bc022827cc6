"""Items of a dataset that play a role in a setting."""

from __future__ import annotations

from collections.abc import Sequence

from irfer_bench.contracts.values import Item
from irfer_bench.errors import MissingError
from irfer_bench.settings.setting import Domain


def in_domain(item: Item, domain: Domain, classes: Sequence[str | None]) -> bool:
    """Whether an item plays a role."""
    return item.label in classes and lies_in(item, domain)


def lies_in(item: Item, domain: Domain) -> bool:
    """Whether an item is of a domain, whatever its label."""
    return (
        item.spectrum == domain.spectrum
        and (not domain.lightings or item.lighting in domain.lightings)
        and (item.part in domain.parts if domain.parts else True)
        and (not domain.splits or item.split in domain.splits)
    )


def select_items(
    name: str, items: Sequence[Item], domain: Domain, classes: Sequence[str]
) -> list[Item]:
    """The items of a domain with a label of these classes.

    Args:
        name: of the dataset, for the message.

    Raises:
        MissingError: there is none; says whether the images or their labels are missing.
    """
    known = frozenset(classes)
    own = [item for item in items if lies_in(item, domain)]
    chosen = [item for item in own if item.label in known]
    if chosen:
        return chosen
    words = " ".join((domain.spectrum, *domain.lightings, *domain.parts, *domain.splits))
    hint = f"irfer-bench data check {name} says what this copy can run"
    if not own:
        raise MissingError(f"{name}: no item is {words}", hint)
    labels = {item.label for item in own}
    if labels == {None}:
        raise MissingError(
            f"{name}: {len(own)} items are {words} and none of them is labelled", hint
        )
    found = ", ".join(sorted(label for label in labels if label is not None)[:8])
    raise MissingError(
        f"{name}: {len(own)} items are {words} and none has a label of the setting "
        f"(found {found})",
        hint,
    )
