"""Plotly figures on a page, all alike."""

from typing import TYPE_CHECKING, Any

import streamlit as st

from explorer.figures.plots import CONFIG

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


def chart(figure: "Figure", key: str, alt: str, **more: Any) -> None:
    """A figure in the page's theme, without Plotly's own tools.

    Args:
        figure: what to draw.
        key: of the figure in the session.
        alt: what it shows, for who does not see it.
        more: as `st.plotly_chart` takes it.
    """
    ink = "#fafafa" if st.context.theme.type == "dark" else "#1b1f24"
    axes = {"title_font_color": ink, "tickfont_color": ink}
    figure.update_layout(font_color=ink).update_xaxes(**axes).update_yaxes(**axes).update_annotations(font_color=ink)
    figure.update_traces(textfont_color=ink, selector={"type": "heatmap"})
    st.plotly_chart(figure, key=key, alt=alt, config=CONFIG, **more)
