"""Images that are not on this machine: said once, calmly, with a download where there is one."""

from functools import partial

import streamlit as st

from explorer.data import DATASETS
from explorer.data.dataset import DatasetSource
from explorer.errors import ExplorerError, MissingDataError
from explorer.ui import working
from explorer.ui.gallery import plain, remark
from explorer.ui.state import OpenRun, settings
from explorer.workflows.fetching import begin, download_job

MEGABYTE = 1e6
KEY = "fetching"


def offer(opened: OpenRun) -> None:
    """Above the map, while a run's images cannot be shown: why, and how they get here; dismissed for a session."""
    why = opened.without_images
    if why is None or st.session_state.get(_dismissed(opened)):
        return
    source = DATASETS.get(opened.run.card.data.name)
    if isinstance(why, MissingDataError) and source is not None and source.download is not None:
        working.bar(_download(opened, source))
    else:
        _explain(opened, why)


def reminder(opened: OpenRun) -> None:
    """Beside the map, where an image would be: that there is none, and the way back to a dismissed bar."""
    if not st.session_state.get(_dismissed(opened)):
        remark("No pictures: see above the map.")
        return
    st.button(
        "No pictures: why?", type="tertiary", icon=":material/hide_image:", on_click=_dismiss, args=(opened, False)
    )


def _download(opened: OpenRun, source: DatasetSource) -> working.Work:
    download = source.download
    assert download is not None
    return working.Work(
        key=KEY,
        name=download.title,
        job=download_job(source, settings()),
        begin=partial(begin, source, settings()),
        words=f"**The images of {download.title} are not on this machine** ({download.size / MEGABYTE:.0f} MB, "
        f"{download.origin}). {_still_works(opened)}",
        press="Download",
        icon=":material/download:",
        failed=f"{download.title} could not be downloaded",
        steps=lambda done, total: f"{done / MEGABYTE:.1f} of {total / MEGABYTE:.1f} MB",
        dismiss=partial(_dismiss, opened, True),
    )


def _explain(opened: OpenRun, why: ExplorerError) -> None:
    with st.container(border=True, key=KEY), working.line(KEY):
        st.markdown(f"{plain(str(why))} {_still_works(opened)}")
        working.dismissal(KEY, partial(_dismiss, opened, True))


def _still_works(opened: OpenRun) -> str:
    decodes = opened.run.card.has_decoder
    return f"The map, {'its overlays and the decoder' if decodes else 'with its overlays,'} work without them."


def _dismiss(opened: OpenRun, is_dismissed: bool) -> None:
    st.session_state[_dismissed(opened)] = is_dismissed


def _dismissed(opened: OpenRun) -> str:
    return f"{KEY}:dismissed:{opened.run.card.data.title}"
