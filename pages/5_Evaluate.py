"""How good the runs are: all their records in one table, one run in detail, several against each other."""

from explorer.ui import gallery, layout, reviewing

gallery.style()
reviewing.show(layout.run_in_use())
