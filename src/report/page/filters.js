// Search and filters above the matrix.

const FILTER_WORDS = {
  folder: "Folder", operation: "Operation", kind: "Kind", evidence: "Evidence", status: "Status", severity: "Severity", target: "Target",
};

/** The values that a filter can have, in their order, with the word that is shown. */
function filterOptions(data) {
  const found = { folder: new Set(), operation: new Set(), kind: new Set(), evidence: new Set(), status: new Set(), severity: new Set() };
  for (const entry of data.rows) {
    found.folder.add(entry.folder);
    if (entry.scenario.evidence) found.evidence.add(entry.scenario.evidence);
    for (const operation of entry.scenario.operations ?? []) found.operation.add(operation);
    for (const cell of entry.cells) {
      found.status.add(statusOf(cell));
      for (const deviation of cell?.deviations ?? []) {
        found.kind.add(deviation.kind);
        found.severity.add(severityOf(deviation));
        if (deviation.evidence) found.evidence.add(deviation.evidence);
        if (deviation.operation) found.operation.add(deviation.operation);
      }
    }
  }
  const same = (values) => values.map((value) => ({ value, word: value }));
  return {
    folder: same([...found.folder].sort()),
    operation: same([...found.operation].sort()),
    kind: same(inOrder(KINDS, found.kind)),
    evidence: same(inOrder(EVIDENCE, found.evidence)),
    status: inOrder(Object.keys(STATUS), found.status).map((value) => ({ value, word: STATUS[value]?.word ?? value })),
    severity: same(inOrder(SEVERITIES, found.severity)),
    target: data.targets.map((target) => ({ value: target.key, word: target.key })),
  };
}

/** How many scenarios each value of a filter would leave, with all other filters as they are. */
function filterCounts(data, state, name, options) {
  const out = new Map();
  for (const { value } of options) {
    out.set(value, fitting(data, { ...state, [name]: new Set([value]) }).length);
  }
  return out;
}

function drawBar(data, app) {
  const options = filterOptions(data);
  const search = h("input", {
    type: "search", id: "search", autocomplete: "off", spellcheck: "false",
    placeholder: "Search ids, titles, operations, messages", "aria-label": "Search ids, titles, operations and messages", "aria-keyshortcuts": "/",
    on: { input: () => app.change({ q: search.value }) },
  });
  const filters = FILTERS.map((name) => filterBox(data, app, name, options[name]));
  const toggle = h("button", { type: "button", class: "quiet filters-toggle", "aria-expanded": "false", "aria-controls": "filters",
    on: { click: () => {
      const open = bar.classList.toggle("filters-open");
      toggle.setAttribute("aria-expanded", String(open));
    } } }, "Filters");
  const bar = byId("bar");
  const clear = h("button", { type: "button", class: "quiet clear", id: "clear", on: { click: () => {
    app.clear();
    search.focus();
  } } }, "Clear all");
  bar.replaceChildren(
    h("div", { class: "search" }, glass(), search, h("kbd", { "aria-hidden": "true" }, "/")),
    toggle,
    h("div", { class: "filters", id: "filters" }, filters.map((filter) => filter.node), clear),
  );
  closeOutside(bar);
  app.showFilters = () => {
    if (search.value !== app.state.q) search.value = app.state.q;
    let set = 0;
    for (const filter of filters) set += filter.show() ? 1 : 0;
    toggle.textContent = set > 0 ? `Filters (${set})` : "Filters";
    clear.hidden = set === 0 && app.state.q === "" && app.state.cause === null;
  };
}

function glass() {
  return s(
    "svg",
    { viewBox: "0 0 16 16", class: "glass", "aria-hidden": "true" },
    s("path", { d: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9Z" }),
    s("path", { d: "m10.4 10.4 3.3 3.3" }),
  );
}

function filterBox(data, app, name, options) {
  const boxes = new Map();
  const value = h("span", { class: "filter-value" });
  const summary = h("summary", { "aria-label": FILTER_WORDS[name] }, h("span", { class: "filter-name" }, FILTER_WORDS[name]), value);
  const list = h("fieldset", { class: "filter-list" }, h("legend", { class: "unseen" }, FILTER_WORDS[name]));
  const node = h("details", { class: "filter", data: { filter: name } }, summary, list);
  const build = () => {
    if (boxes.size > 0) return;
    for (const option of options) {
      const box = h("input", { type: "checkbox", value: option.value, on: { change: () => {
        const chosen = new Set(app.state[name]);
        if (box.checked) chosen.add(option.value);
        else chosen.delete(option.value);
        app.change({ [name]: chosen });
        count();
      } } });
      const number = h("span", { class: "option-count" });
      boxes.set(option.value, { box, number });
      list.append(h("label", null, box, name === "status" ? symbol(option.value) : null, h("span", { class: "option-word" }, option.word), number));
    }
    node.show();
  };
  const count = () => {
    for (const [option, number] of filterCounts(data, app.state, name, options)) boxes.get(option).number.textContent = number.toLocaleString("en");
  };
  node.addEventListener("toggle", () => {
    if (!node.open) return;
    build();
    count();
    for (const other of node.parentElement.querySelectorAll("details[open]")) if (other !== node) other.open = false;
  });
  node.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && node.open) {
      event.stopPropagation();
      node.open = false;
      summary.focus();
    } else if (node.open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      const all = [summary, ...[...boxes.values()].map((entry) => entry.box)];
      const next = all[all.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1)];
      event.preventDefault();
      next?.focus();
    }
  });
  node.show = () => {
    const chosen = app.state[name];
    const words = options.filter((option) => chosen.has(option.value)).map((option) => option.word);
    const told = words.length > 1 ? String(words.length) : words.join("");
    value.textContent = clean(told);
    node.classList.toggle("set", chosen.size > 0);
    summary.setAttribute("aria-label", chosen.size > 0 ? `${FILTER_WORDS[name]}: ${clean(words.join(", "))}` : `${FILTER_WORDS[name]}: any`);
    for (const [option, { box }] of boxes) box.checked = chosen.has(option);
    return chosen.size > 0;
  };
  return { node, show: node.show };
}

function closeOutside(bar) {
  document.addEventListener("pointerdown", (event) => {
    for (const open of bar.querySelectorAll("details[open]")) if (!open.contains(event.target)) open.open = false;
  });
  bar.addEventListener("focusout", (event) => {
    for (const open of bar.querySelectorAll("details[open]")) {
      if (event.relatedTarget && !open.contains(event.relatedTarget)) open.open = false;
    }
  });
}

/** The line under the filters: how many there are, and a cause that is filtered by. */
function drawCount(data, app) {
  const cells = shownTargets(data, app.state);
  let apart = 0;
  for (const entry of app.rows) for (const target of cells) if (differs(entry.cells[target.at])) apart += 1;
  const all = data.rows.length;
  const rows = app.rows.length === all ? counted(all, "scenario") : `${app.rows.length.toLocaleString("en")} of ${counted(all, "scenario")}`;
  const count = byId("count");
  const parts = [`${rows}, ${counted(apart, "cell")} with deviations`];
  if (app.problem) parts.unshift(h("strong", { class: "problem" }, `${app.problem}. `));
  if (app.state.cause) {
    const cause = data.causes.get(app.state.cause);
    parts.push(" · ", h("button", { type: "button", class: "chip-button", "aria-label": "Remove the filter by cause",
      on: { click: () => {
        app.change({ cause: null });
        byId("search").focus();
      } } },
      `cause ${clean(cause.id)} of ${clean(data.targets[cause.target].key)}: ${clean(operationName(cause.operation))} ${clean(cause.kind)} ×`));
  }
  count.replaceChildren(...parts);
}
