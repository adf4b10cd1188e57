"""What the browser runs of the asking component."""

from pathlib import Path

from explorer.ui.program import Program

QUESTIONS = Program(
    name="questions",
    title="This part of the page",
    folder=Path(__file__).parent,
    scripts=(
        "tab.js",
        "outbox.js",
        "line.js",
        "keys.js",
        "pictures.js",
        "stage.js",
        "classes.js",
        "panel.js",
        "frame.js",
        "status.js",
        "reports.js",
        "questions.js",
        "mount.js",
    ),
    style="questions.css",
    texts=(("HELP", "help.html"),),
)
