// Pictures that can be chosen: Python sends their elements, whose texts are escaped, and is told which one was chosen.

export default function mount({ parentElement, data, setStateValue }) {
  const [{ cells, identity, name, kind, chosen }] = data;
  const group = parentElement.querySelector(".le-picking");
  group.className = `${kind} le-picking`;
  if (group.dataset.identity !== identity) {
    group.innerHTML = cells.join("");
    group.dataset.identity = identity;
    group.dataset.name = name;
    group.setAttribute("aria-label", name);
    for (const cell of group.children) {
      cell.tabIndex = 0;
      cell.setAttribute("role", "button");
    }
  }
  for (const [index, cell] of [...group.children].entries()) {
    if (index === chosen) cell.setAttribute("aria-pressed", "true");
    else cell.removeAttribute("aria-pressed");
  }
  const choose = (cell) => {
    const index = [...group.children].indexOf(cell);
    if (index >= 0) setStateValue("picked", { identity, seq: Date.now(), index });
  };
  group.onclick = (event) => choose(event.target.closest(".le-picture"));
  group.onkeydown = (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault(); // a space would scroll the page
    choose(event.target.closest(".le-picture"));
  };
}
