"""The latent space as a map: touch it, and the inspector beside it answers."""

from explorer.ui import gallery, layout, mapping

gallery.style()
run = layout.run_in_use()
if run is not None:
    mapping.show(run)
