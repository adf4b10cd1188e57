"""The ways to rank that a run's record is measured by, each with the name that it has there."""

from explorer.workflows.ways import LEVELS, Way, no_code, no_measure
from explorer.zoo.card import Card

WEIGHTED = "semantic weight"
PLAIN = ("latent", "latent similarity")
SEMANTIC_WEIGHTS = tuple(step / 10 for step in range(11))
RECORDED: dict[str, Way] = {
    "latent": Way(),
    "latent similarity": Way("latent similarity"),
    "clipped": Way(code="clipped"),
    "binary": Way(code="binary"),
    **{f"quantised, {n} levels": Way(code="quantised", levels=n) for n in LEVELS},
    "one-hot": Way(code="one-hot"),
    **{f"{WEIGHTED} {weight:g}": Way("weighted cosine", semantic_weight=weight) for weight in SEMANTIC_WEIGHTS},
}


def codes_of(card: Card) -> dict[str, Way]:
    """The ways that fit a run by their names, the usual one first."""
    return {
        name: way
        for name, way in RECORDED.items()
        if not (no_measure(card, way.measure) or no_code(card, way.code, way.measure))
    }


def plain_codes_of(card: Card) -> dict[str, Way]:
    """Those of them that rank by the latents themselves, not by a shorter code or a part."""
    return {name: way for name, way in codes_of(card).items() if name in PLAIN}
