/** The dialog to choose the right label, with a search field and by keys. */

const find = (id) => document.getElementById(id);

export class Correction {
  #names = [];
  #save;

  /** save(label) is called with the number of the class that was chosen. */
  constructor(save) {
    this.#save = save;
    find("search").addEventListener("input", () => this.#list());
    find("search").addEventListener("keydown", (event) => this.#fromSearch(event));
    find("labels").addEventListener("dblclick", () => find("save").click());
    find("labels").addEventListener("keydown", (event) => this.#fromList(event));
    find("correction").addEventListener("close", () => this.#close());
  }

  open(names) {
    this.#names = names;
    find("search").value = "";
    this.#list();
    find("correction").returnValue = "";
    find("correction").showModal();
    find("search").focus();
  }

  /** Show the classes whose names contain the search text; those that begin with it come first. */
  #list() {
    const wanted = fold(find("search").value.trim());
    const found = this.#names.map((name, label) => ({ name, label, at: fold(name).indexOf(wanted) }));
    const shown = found.filter(({ at }) => at >= 0).sort((a, b) => Math.sign(a.at) - Math.sign(b.at));
    find("labels").replaceChildren(...shown.map(({ name, label }) => new Option(name, label)));
    find("labels").selectedIndex = shown.length ? 0 : -1;
    find("save").disabled = !shown.length;
    find("no-match").textContent = shown.length ? "" : "No class has such a name.";
  }

  #fromSearch(event) {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    find("labels").focus();
    const last = find("labels").length - 1;
    const next = find("labels").selectedIndex + (event.key === "ArrowDown" ? 1 : -1);
    find("labels").selectedIndex = Math.min(last, Math.max(0, next));
  }

  #fromList(event) {
    if (event.key !== "Enter") return;
    event.preventDefault();
    find("save").click();
  }

  #close() {
    const label = find("labels").value;
    if (find("correction").returnValue === "save" && label !== "") this.#save(Number(label));
  }
}

/** Accents and case make no difference to a search. */
function fold(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}
