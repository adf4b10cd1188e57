"""The card of a run: everything needed to rebuild its network and to judge it, in plain JSON."""

import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from explorer.errors import BadRunError, BadValueError
from explorer.fields import explain
from explorer.files import is_plain_name
from explorer.latent.spaces import GEOMETRIES, Geometry, check_geometry
from explorer.latent.targets import ClassTargets

SCHEMA = 1
LONGEST_TEXT = 2000
MOST_FEATURES = 1_000_000
DEEPEST = 10
LONGEST_SIDE = 4096


def _is_name(text: str) -> str:
    if not is_plain_name(text):
        raise ValueError("should be a plain name of letters, digits, dot, dash and underscore, not a path")
    return text


def _holds_no_path(values: dict[str, Any]) -> dict[str, Any]:
    """Settings are numbers, choices and names; a path in a foreign card is never followed."""
    for key, value in values.items():
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, dict | list):
                _holds_no_path(part if isinstance(part, dict) else {key: part})
            elif isinstance(part, str) and (set("/\\\0") & set(part) or ".." in part):
                raise ValueError(f"should hold no path, but {key} = {part[:80]!r}")
    return values


def _is_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    if len(shape) not in (1, 3) or (len(shape) == 3 and max(shape) > LONGEST_SIDE):
        raise ValueError(f"should be (channels, height, width), each up to {LONGEST_SIDE}, or (features,)")
    return shape


def _nests_deeper(value: Any, levels: int) -> bool:
    """Whether there are more levels of lists and dicts than that."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels < 0 or any(_nests_deeper(part, levels - 1) for part in parts)


Name = Annotated[str, AfterValidator(_is_name)]
Values = Annotated[dict[str, Any], AfterValidator(_holds_no_path)]
Size = Annotated[int, Field(ge=1, le=MOST_FEATURES)]
Text = Annotated[str, Field(max_length=LONGEST_TEXT)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class DataPart(_Part):
    """What a run was trained on: name in DATASETS, its settings, counts of items, and which import they were."""

    name: Name
    settings: Values
    train_items: int = Field(ge=0)
    test_items: int = Field(ge=0)
    leak: Text = ""
    identity: Text = ""

    @property
    def title(self) -> str:
        """Name of the data set, and of the import where it is a person's own: "folder photos"."""
        return f"{self.name} {self.settings['name']}" if self.settings.get("name") else self.name


class TargetsPart(_Part):
    """Configured class centres (c rows of d numbers) and radii (c numbers), latent units."""

    centres: list[list[float]]
    radii: list[float]


class OriginPart(_Part):
    """What a fine-tuned run goes on from: the run before it, and the labeling session whose labels it learned."""

    run: Name
    session: Name


class Measurement(_Part):
    """One measured number: value, how many items it was measured on, and what it is."""

    value: float
    items: int = Field(ge=0)
    meaning: Text


class Card(_Part):
    """One run. `files` holds the SHA-256 of each file that the card vouches for."""

    schema_version: Literal[1] = 1
    name: Name
    title: Text = ""
    note: Text = ""
    status: Literal["training", "finished", "interrupted", "failed"]
    method: Name
    config: Values
    paper: Text
    data: DataPart
    classes: list[Text] = Field(max_length=254)
    shape: Annotated[tuple[Size, ...], AfterValidator(_is_shape)]
    latent_dims: int = Field(ge=1, le=4096)
    has_decoder: bool
    targets: TargetsPart | None = None
    origin: OriginPart | None = None
    training: Values
    epochs_done: int = Field(ge=0)
    device: Text
    command: Text
    created: Text
    metrics: dict[str, Measurement] = {}
    versions: dict[str, Text]
    files: dict[Name, str] = {}

    @property
    def class_targets(self) -> ClassTargets | None:
        """Configured centres and radii, or None for a run without them."""
        return ClassTargets(self.targets.centres, self.targets.radii) if self.targets else None

    @property
    def geometry(self) -> Geometry:
        """The space in which the latents lie; Euclid's where the method knows no other.

        Raises:
            BadValueError: a space that there is not, or that cannot have the run's dimensions.
        """
        asked = self.config.get("geometry", GEOMETRIES[0])
        found = next((one for one in GEOMETRIES if one == asked), None)
        if found is None:
            raise BadValueError(f"geometry = {str(asked)[:80]!r}, but it must be one of {', '.join(GEOMETRIES)}.")
        check_geometry(found, self.latent_dims)
        return found


def parse_card(text: str, where: str) -> Card:
    """Read a card, believing nothing.

    Args:
        text: the JSON.
        where: the run's name, for the message.

    Raises:
        BadRunError: not JSON, a newer schema, a missing or unknown entry, or a path in it.
    """
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        raise BadRunError(f"The card of {where} is not valid JSON; restore card.json or train the run again.") from None
    if _nests_deeper(values, DEEPEST):
        raise BadRunError(f"The card of {where} is nested too deep; restore card.json or train the run again.")
    if not isinstance(values, dict):
        raise BadRunError(f"The card of {where} holds no settings; restore card.json or train the run again.")
    version = values.get("schema_version")
    if isinstance(version, int) and version > SCHEMA:
        raise BadRunError(
            f"The card of {where} has schema {version}, but this version reads up to {SCHEMA}; "
            "update latent-explorer to open it."
        )
    try:
        card = Card.model_validate(values)
    except ValidationError as error:
        raise BadRunError(f"The card of {where} cannot be used: {explain(error, list(Card.model_fields))}") from None
    dims = {len(centre) for centre in card.targets.centres} if card.targets else {card.latent_dims}
    if dims != {card.latent_dims} or (card.targets and len(card.targets.centres) != len(card.classes)):
        raise BadRunError(
            f"The card of {where} has class centres that do not fit its {len(card.classes)} classes and "
            f"{card.latent_dims} latent dimensions; restore card.json or train the run again."
        )
    try:
        card.class_targets, card.geometry  # noqa: B018 - makes them, which checks them
    except BadValueError as error:
        raise BadRunError(f"The card of {where} cannot be used: {error}") from None
    return card
