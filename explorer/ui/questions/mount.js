// Mount: the component as the loader calls it.

/** Show what Python says in the component's root; called at every run of the script and change of theme. */
export function mount(root, component) {
  if (!root.questions) {
    root.questions = new Questions(root);
    // Streamlit fades what a slow run of the script has not drawn anew; but the item can be answered all the time.
    const place = component.parentElement.host?.closest("[data-testid=stElementContainer]");
    place?.style.setProperty("opacity", "1", "important");
  }
  root.questions.update(component);
}

/** The component has left the page. */
export function unmount(root) {
  root.questions?.dispose();
  root.questions = undefined;
}
