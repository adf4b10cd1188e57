"""A body as a mesh that a person turns."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from explorer.figures import VectorScale

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

ROOM = 1.05  # around the largest usual body
LIGHTING = {"ambient": 0.45, "diffuse": 0.75, "specular": 0.15, "roughness": 0.8}
LIGHT = {"x": 1, "y": 2, "z": 3}
AHEAD = {"x": 0.0, "y": 0.0, "z": 1.2}  # seen from ahead, y up


def body_mesh(
    vector: NDArray[np.floating], scale: VectorScale, *, colour: str = "#B9B4A7", height: int = 360
) -> "Figure":
    """A body that turns when dragged, seen from ahead at first, at one scale for all bodies.

    Args:
        vector: x, y, z of each vertex, shape (3 v,).
        scale: of these vectors; its faces are the triangles.
        colour: of its skin.
        height: pixels.
    """
    from plotly.graph_objects import Figure, Mesh3d

    x, y, z = np.asarray(vector, np.float64).reshape(-1, 3).T
    assert scale.faces is not None  # noqa: S101 - else it is no body
    i, j, k = scale.faces.T
    reach = ROOM * float((np.abs(scale.mean) + scale.deviation).max())
    figure = Figure(
        Mesh3d(x=x, y=y, z=z, i=i, j=j, k=k, color=colour, lighting=LIGHTING, lightposition=LIGHT, hoverinfo="skip")
    )
    axis = {"visible": False, "range": [-reach, reach]}
    figure.update_layout(
        height=height,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        paper_bgcolor="rgba(0,0,0,0)",
        uirevision="body",  # the camera stays when the body changes
        scene={
            "xaxis": axis,
            "yaxis": axis,
            "zaxis": axis,
            "aspectmode": "cube",
            "dragmode": "orbit",
            "camera": {"eye": AHEAD, "up": {"x": 0, "y": 1, "z": 0}},
        },
    )
    return figure
