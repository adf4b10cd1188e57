"""How a picture of any proportions is brought to the size that is wanted."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, cast

if TYPE_CHECKING:
    from PIL.Image import Image

Channels = Literal["auto", "grey", "colour"]
Fit = Literal["crop", "pad", "stretch"]
WHOLE = {"pad", "within"}  # nothing is cut off, and proportions stay


@dataclass(frozen=True)
class Look:
    """What every picture is made into.

    Args:
        size: height of the result, px; and its width, where none is given.
        channels: "grey" or "colour"; "auto" keeps a picture grey that has no colour.
        fit: "crop" cuts what is too long to its middle, "pad" fills what is too short with black,
            "stretch" changes the proportions, "within" leaves a picture as it is, made smaller where it is larger.
        max_pixels: a picture of more is not decoded, nor ever one of more than 178,956,970, Pillow's own limit.
        width: of the result, px; None for a square.
    """

    size: int
    channels: Channels
    fit: Fit | Literal["within"]
    max_pixels: int
    width: int | None = None

    @property
    def box(self) -> tuple[int, int]:
        """Width and height of the result, px."""
        return self.width or self.size, self.size

    @property
    def lying(self) -> "Look":
        """The same for a picture that is turned by a right angle afterwards."""
        return replace(self, size=self.box[0], width=self.box[1])


def shrink_while_decoding(image: "Image", look: Look) -> None:
    """Let JPEG's decoder leave out what the resize would: down to no less than 3/2 of the final size."""
    least = max(look.box) * 3 // 2
    side = max(image.size) if look.fit in WHOLE else min(image.size)
    wanted = tuple(max(1, -(-length * least // side)) for length in image.size)
    if look.fit == "stretch":
        wanted = (least, least)
    image.draft("L" if look.channels == "grey" else None, cast("tuple[int, int]", wanted))


def resized(image: "Image", look: Look) -> "Image":
    """Resize once, with a filter that neither blurs nor makes stairs: to the size, or into it."""
    from PIL import Image

    (width, height), box = image.size, look.box
    shrinks = width > box[0] and height > box[1]
    filter_ = Image.Resampling.LANCZOS if shrinks else Image.Resampling.BICUBIC
    if look.fit in WHOLE:
        scale = min(box[0] / width, box[1] / height)
        if look.fit == "within" and scale >= 1:
            return image
        inner = max(1, round(width * scale)), max(1, round(height * scale))
        return image.resize(inner, filter_, reducing_gap=2)
    left = top = 0.0
    if look.fit == "crop":
        kept = min(width, height * box[0] / box[1]), min(height, width * box[1] / box[0])
        left, top = (width - kept[0]) / 2, (height - kept[1]) / 2
    return image.resize(box, filter_, (left, top, width - left, height - top), reducing_gap=2)


def padded(image: "Image", look: Look) -> "Image":
    """The picture in the middle of black, where it does not fill the size."""
    from PIL import Image

    if image.size == look.box or look.fit == "within":
        return image
    ground = Image.new(image.mode, look.box)
    ground.paste(image, ((look.box[0] - image.width) // 2, (look.box[1] - image.height) // 2))
    return ground
