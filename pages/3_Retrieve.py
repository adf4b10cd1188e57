"""Retrieval: a query, its hits by any measure and code, and how good they are over the whole gallery."""

from explorer.ui import gallery, layout, retrieving

gallery.style()
run = layout.run_in_use()
if run is not None:
    retrieving.show(run)
