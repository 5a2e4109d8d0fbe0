// The matrix. Only the rows in sight are in the document, so that thousands cost no more than thirty.
//
// One cell is in the tab order (roving tabindex); the arrow keys move it. Its row stays in the document while it is
// out of sight, so that focus is never lost by scrolling.

const ROW = 46;
const ROW_NARROW = 88;
const MARGIN_ROWS = 6;
/** Below this width a row takes two lines: the scenario, and its cells. */
const NARROW = "(max-width: 719px)";
const MIDDLE = "(max-width: 1099px)";

class Grid {
  constructor(data, app) {
    this.data = data;
    this.app = app;
    this.active = { row: 0, column: 0 };
    this.drawn = new Map();
    this.narrow = window.matchMedia(NARROW);
    this.middle = window.matchMedia(MIDDLE);
    this.head = h("div", { role: "row", class: "grid-row grid-head", "aria-rowindex": "1" });
    this.body = h("div", { role: "rowgroup", class: "grid-body" });
    this.empty = h("p", { class: "empty-note", hidden: true });
    this.root = h(
      "div",
      { role: "grid", class: "grid-root", "aria-labelledby": "matrix-heading", "aria-describedby": "count" },
      h("div", { role: "rowgroup", class: "grid-top" }, this.head),
      this.body,
    );
    byId("grid").replaceChildren(this.root, this.empty);
    this.root.addEventListener("keydown", (event) => this.onKey(event));
    this.root.addEventListener("click", (event) => this.onClick(event));
    this.root.addEventListener("focusin", (event) => this.onFocus(event));
    let asked = false;
    const later = () => {
      if (asked) return;
      asked = true;
      requestAnimationFrame(() => {
        asked = false;
        this.drawVisible();
      });
    };
    window.addEventListener("scroll", later, { passive: true });
    window.addEventListener("resize", later);
    for (const media of [this.narrow, this.middle]) media.addEventListener("change", () => this.draw());
  }

  get height() {
    return this.narrow.matches ? ROW_NARROW : ROW;
  }

  /** The columns as they are shown now. */
  columns() {
    const targets = shownTargets(this.data, this.app.state).map((target) => ({ sort: `target:${target.key}`, target, word: target.key }));
    const columns = [{ sort: "id", word: "Scenario" }];
    if (!this.middle.matches) columns.push({ sort: "evidence", word: "Evidence" });
    if (!this.middle.matches && targets.length > 1) columns.push({ sort: "differ", word: "Differ" });
    return [...columns, ...targets];
  }

  /** Draws all anew, after rows, columns or order have changed. */
  draw() {
    const focused = this.root.contains(document.activeElement);
    this.cols = this.columns();
    this.rows = this.app.rows;
    this.active.row = Math.min(this.active.row, this.rows.length - 1);
    this.active.column = Math.min(this.active.column, this.cols.length - 1);
    const cells = this.cols.filter((column) => column.target).length;
    this.root.style.setProperty("--cells", String(cells));
    this.root.classList.toggle("with-extras", !this.middle.matches);
    this.root.classList.toggle("with-differ", this.cols.some((column) => column.sort === "differ"));
    this.root.classList.toggle("roomy", !this.middle.matches && cells <= 8);
    this.root.setAttribute("aria-rowcount", String(this.rows.length + 1));
    this.root.setAttribute("aria-colcount", String(this.cols.length));
    this.body.style.setProperty("height", `${this.rows.length * this.height}px`);
    this.empty.hidden = this.rows.length > 0;
    this.empty.textContent = this.data.rows.length === 0 ? "No scenario ran." : "No scenario fits the search and the filters.";
    this.head.replaceChildren(...this.cols.map((column, at) => this.headCell(column, at)));
    for (const row of this.drawn.values()) row.remove();
    this.drawn.clear();
    this.drawVisible();
    if (focused) this.nodeAt(this.active.row, this.active.column)?.focus({ preventScroll: true });
  }

  drawVisible() {
    if (!this.rows) return;
    const top = this.body.getBoundingClientRect().top;
    const first = Math.max(0, Math.floor(-top / this.height) - MARGIN_ROWS);
    const last = Math.min(this.rows.length - 1, Math.ceil((window.innerHeight - top) / this.height) + MARGIN_ROWS);
    const wanted = new Set();
    for (let at = first; at <= last; at += 1) wanted.add(at);
    if (this.active.row >= 0 && this.active.row < this.rows.length) wanted.add(this.active.row);
    for (const [at, node] of this.drawn) {
      if (wanted.has(at)) continue;
      node.remove();
      this.drawn.delete(at);
    }
    for (const at of [...wanted].sort((a, b) => a - b)) {
      if (this.drawn.has(at)) continue;
      const node = this.rowElement(this.rows[at], at);
      this.drawn.set(at, node);
      // In the order of rows, for those who read the document in its order.
      const after = [...this.drawn.keys()].filter((other) => other > at).sort((a, b) => a - b)[0];
      this.body.insertBefore(node, after === undefined ? null : this.drawn.get(after));
    }
  }

  headCell(column, at) {
    const { by, down } = this.app.state.sort;
    const sorted = by === column.sort;
    const tab = this.isActive(-1, at) ? "0" : "-1";
    return h(
      "div",
      { role: "columnheader", class: column.target ? "head-target" : `head-${column.sort}`, "aria-colindex": at + 1, "aria-sort": sorted ? (down ? "descending" : "ascending") : "none" },
      h("button", { type: "button", tabindex: tab, title: column.word, data: { row: "-1", column: at } },
        h("span", { class: "head-word" }, column.word),
        h("span", { class: "arrow", "aria-hidden": "true" }, sorted ? (down ? "↓" : "↑") : "")),
    );
  }

  rowElement(entry, at) {
    const node = h("div", { role: "row", class: "grid-row", "aria-rowindex": at + 2, css: { top: `${at * this.height}px` } });
    node.append(...this.cols.map((column, index) => this.cellElement(entry, at, column, index)));
    return node;
  }

  cellElement(entry, at, column, index) {
    const common = {
      tabindex: this.isActive(at, index) ? "0" : "-1",
      "aria-colindex": index + 1,
      data: { row: at, column: index },
    };
    const { scenario } = entry;
    if (column.target) return this.targetCell(entry.cells[column.target.at], column, common);
    if (column.sort === "evidence") return h("div", { role: "gridcell", class: "cell-evidence", ...common }, evidenceMark(scenario.evidence));
    if (column.sort === "differ") {
      const targets = shownTargets(this.data, this.app.state);
      const number = targets.filter((target) => differs(entry.cells[target.at])).length;
      return h("div", { role: "gridcell", class: number ? "cell-differ" : "cell-differ zero", "aria-label": `${number} of ${targets.length} targets differ`, ...common },
        number === 0 ? "–" : `${number} of ${targets.length}`);
    }
    const name = entry.folder === "(none)" ? entry.id : entry.id.slice(entry.folder.length + 1);
    return h(
      "div",
      { role: "rowheader", class: "cell-scenario", title: `${scenario.title}\n${entry.id}`, ...common },
      h("span", { class: "row-title" }, scenario.title),
      h("span", { class: "row-id" }, entry.folder === "(none)" ? null : h("span", { class: "row-folder" }, `${entry.folder}/`), name),
    );
  }

  targetCell(cell, column, common) {
    const status = statusOf(cell);
    const number = cell?.deviations?.length ?? 0;
    const worst = gravest(cell);
    const more = number > 1 ? ` +${number - 1}` : "";
    const note = worst ? `${worst.kind}${more}` : "";
    const told = `${column.word}: ${STATUS[status]?.word ?? status}${number > 0 ? `, ${note}, ${counted(number, "deviation")}` : ""}`;
    return h(
      "div",
      { role: "gridcell", class: `cell ${status}`, "aria-label": told, title: told, ...common },
      symbol(status),
      note ? h("span", { class: "cell-note", "aria-hidden": "true" }, note) : null,
    );
  }

  isActive(row, column) {
    return this.active.row === row && this.active.column === column;
  }

  nodeAt(row, column) {
    return this.root.querySelector(`[data-row="${row}"][data-column="${column}"]`);
  }

  /** Moves the one cell of the tab order, and focus with it. */
  move(row, column, focus = true) {
    const to = { row: Math.max(-1, Math.min(this.rows.length - 1, row)), column: Math.max(0, Math.min(this.cols.length - 1, column)) };
    this.nodeAt(this.active.row, this.active.column)?.setAttribute("tabindex", "-1");
    this.active = to;
    if (focus) this.reveal(to.row);
    this.drawVisible();
    const node = this.nodeAt(to.row, to.column);
    node?.setAttribute("tabindex", "0");
    if (focus) node?.focus({ preventScroll: true });
  }

  /** Scrolls so that a row is in sight, under what sticks to the top. */
  reveal(row) {
    if (row < 0) return;
    const top = this.body.getBoundingClientRect().top + row * this.height;
    const covered = this.head.getBoundingClientRect().height + byId("bar").getBoundingClientRect().height;
    if (top < covered) window.scrollBy({ top: top - covered - 8, behavior: "instant" });
    else if (top + this.height > window.innerHeight) window.scrollBy({ top: top + this.height - window.innerHeight + 8, behavior: "instant" });
  }

  /** Focuses the cell of a scenario and target if it is there; the first one otherwise. */
  focusCell(open) {
    const row = this.rows.indexOf(open.row);
    const column = this.cols.findIndex((one) => one.target?.at === open.target);
    if (row >= 0) this.move(row, Math.max(0, column));
    else if (this.rows.length > 0) this.move(0, 0);
    else byId("search").focus();
  }

  onKey(event) {
    if (event.ctrlKey && !["Home", "End"].includes(event.key)) return;
    if (event.metaKey || event.altKey) return;
    const { row, column } = this.active;
    const page = Math.max(1, Math.floor(window.innerHeight / this.height) - 4);
    const last = this.cols.length - 1;
    const moves = {
      ArrowDown: [row + 1, column],
      ArrowUp: [row - 1, column],
      ArrowRight: [row, column + 1],
      ArrowLeft: [row, column - 1],
      PageDown: [row + page, column],
      PageUp: [Math.max(0, row - page), column],
      Home: [event.ctrlKey ? 0 : row, 0],
      End: [event.ctrlKey ? this.rows.length - 1 : row, last],
    };
    const to = moves[event.key];
    if (to) {
      event.preventDefault();
      this.move(to[0], to[1]);
    } else if ((event.key === "Enter" || event.key === " ") && row >= 0) {
      event.preventDefault();
      this.openAt(row, column);
    }
  }

  onFocus(event) {
    const at = event.target.closest("[data-row]");
    if (at) this.move(Number(at.dataset.row), Number(at.dataset.column), false);
  }

  onClick(event) {
    const at = event.target.closest("[data-row]");
    if (!at) return;
    const [row, column] = [Number(at.dataset.row), Number(at.dataset.column)];
    this.move(row, column, false);
    if (row < 0) this.sortBy(column);
    else this.openAt(row, column);
  }

  openAt(row, column) {
    this.app.open({ row: this.rows[row], target: this.cols[column].target?.at ?? -1 });
  }

  /** A column's order: first up, then down, then the order of ids again. */
  sortBy(column) {
    const { sort } = this.cols[column];
    const now = this.app.state.sort;
    let next = { by: sort, down: false };
    if (now.by === sort) next = now.down && sort !== "id" ? { by: "id", down: false } : { by: sort, down: !now.down };
    this.app.change({ sort: next });
    this.nodeAt(-1, column)?.focus({ preventScroll: true });
  }
}
