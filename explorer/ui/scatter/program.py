"""The map's program: what the browser runs of it."""

from pathlib import Path

from explorer.ui.program import Program

SCATTER = Program(
    name="scatter",
    title="The map",
    folder=Path(__file__).parent,
    scripts=(
        "points.js",
        "theme.js",
        "hidden.js",
        "address.js",
        "camera.js",
        "kept.js",
        "colouring.js",
        "looks.js",
        "painter.js",
        "fetching.js",
        "regions.js",
        "targets.js",
        "overlay.js",
        "marks.js",
        "plates.js",
        "scene.js",
        "picture.js",
        "tiles.js",
        "trails.js",
        "timeline.js",
        "svg.js",
        "panel.js",
        "legend.js",
        "drawnlegend.js",
        "export.js",
        "gestures.js",
        "link.js",
        "loading.js",
        "selection.js",
        "reports.js",
        "scatter.js",
    ),
    style="scatter.css",
)
