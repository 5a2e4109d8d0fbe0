// Where the parts meet: state, address, keys, theme.

const THEMES = ["auto", "light", "dark"];

const KEYS = [
  [["/"], "Search"],
  [["←", "↑", "↓", "→"], "Move through the matrix"],
  [["Home", "End"], "First and last column; with Ctrl, first and last row"],
  [["Page Up", "Page Down"], "A screen up or down"],
  [["Enter"], "Open the cell; on a head, sort by it"],
  [["n", "p"], "In an open cell: next and previous scenario"],
  [["Esc"], "Close; in the search, clear it"],
  [["t"], "Light, dark, or as the system has it"],
  [["?"], "These keys"],
];

function start() {
  const data = readData();
  const app = { state: emptyState(), rows: [], problem: null, allCauses: false, causeGroups: groupedCauses(data) };
  const grid = new Grid(data, app);
  const detail = new Detail(data, app);

  /** Changes what is chosen, draws what depends on it, and writes the address. */
  app.change = (changes) => {
    Object.assign(app.state, changes);
    app.problem = null;
    refresh("target" in changes);
    keep(false);
  };
  app.clear = () => {
    const { sort, open } = app.state;
    app.change({ ...emptyState(), sort, open });
  };
  /** Opens a cell or closes the panel. Opening is a step back for the browser; what follows in the panel is none. */
  app.open = (open, focusOn) => {
    const was = app.state.open;
    app.state.open = open;
    if (!open && was && app.pushed && history.state?.smcheck) {
      app.pushed = false;
      app.hash = addressOf(data, app.state);
      showPanel(was);
      history.back();
      return;
    }
    keep(Boolean(open && !was));
    showPanel(was, focusOn);
  };

  function keep(push) {
    const hash = writeHash(data, app.state);
    app.hash = addressOf(data, app.state);
    try {
      if (push) {
        history.pushState({ smcheck: true }, "", hash);
        app.pushed = true;
      } else history.replaceState(history.state, "", hash);
    } catch {
      // A page in a frame without an address of its own: it works, and has no links.
    }
  }

  function refresh(causes) {
    app.rows = select(data, app.state);
    grid.draw();
    app.showFilters();
    drawCount(data, app);
    if (causes) drawCauses(data, app);
  }

  function showPanel(was, focusOn) {
    if (app.state.open) {
      if (!was) app.opener = document.activeElement?.closest("#causes a") ?? null;
      detail.show(app.state.open, focusOn);
    } else if (was) {
      detail.hide();
      // Back to the link that led here; where there was none, to the cell.
      if (app.opener?.isConnected) app.opener.focus();
      else grid.focusCell(was);
    }
  }

  /** Takes over what the address says: when the page opens, when a link is followed, on the way back. */
  function fromAddress(first) {
    if (!first && location.hash === app.hash) return;
    const was = app.state.open;
    const before = [...app.state.target].join();
    const { state, problem } = readHash(data, location.hash);
    // A link inside the page that names no cell closes the panel; the focus goes where the reader looks next.
    app.state = state;
    app.problem = problem;
    app.hash = location.hash;
    // Causes that are unfolded stay so, unless they are others now.
    refresh(first || [...state.target].join() !== before);
    showPanel(was);
    if (!first && was && !state.open) {
      byId("matrix").scrollIntoView({ block: "start" });
      grid.focusCell(was);
    } else if (!first && !state.open && state.cause) byId("matrix").scrollIntoView({ block: "start" });
  }

  drawFacts(data);
  drawTargets(data);
  drawBar(data, app);
  byId("legend").replaceChildren(...legendItems());
  stickyHead();
  fromAddress(true);
  if (!app.problem) keep(false);
  window.addEventListener("hashchange", () => fromAddress(false));
  window.addEventListener("popstate", () => fromAddress(false));
  keys(app, grid);
  theme();
  printing(data, app);
  byId("skip").addEventListener("click", (event) => {
    event.preventDefault();
    grid.move(Math.max(0, grid.active.row), grid.active.column);
  });
  document.documentElement.dataset.ready = "";
  performance.mark("smcheck-ready");
}

/** The state as `location.hash` gives it: nothing chosen is nothing. */
function addressOf(data, state) {
  const hash = writeHash(data, state);
  return hash === "#" ? "" : hash;
}

/** The heads of columns stick below the search, whose height depends on the width. */
function stickyHead() {
  const bar = byId("bar");
  const set = () => document.documentElement.style.setProperty("--bar", `${bar.offsetHeight}px`);
  new ResizeObserver(set).observe(bar);
  set();
}

function keys(app, grid) {
  const sheet = byId("keys");
  const close = h("button", { type: "button", class: "quiet", on: { click: () => sheet.close() } }, "Close ", h("kbd", { "aria-hidden": "true" }, "Esc"));
  sheet.replaceChildren(
    h("div", { class: "sheet-top" }, h("h2", { id: "keys-title" }, "Keys"), close),
    h("dl", { class: "keys" }, KEYS.map(([names, tells]) => [h("dt", null, names.map((name) => [h("kbd", null, name), " "])), h("dd", null, tells)])),
    h("p", { class: "hint" }, "The address holds the search, the filters, the order and the open cell: copy it to show somebody what you see."),
  );
  sheet.addEventListener("click", (event) => {
    if (event.target === sheet) sheet.close();
  });
  byId("keys-button").addEventListener("click", () => sheet.showModal());
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.matches?.("input:not([type=checkbox]), textarea, select");
    const search = byId("search");
    if (event.key === "Escape" && event.target === search) {
      if (app.state.q) app.change({ q: "" });
      else grid.move(Math.max(0, grid.active.row), grid.active.column);
    } else if (event.key === "ArrowDown" && event.target === search) {
      event.preventDefault();
      grid.move(0, 0);
    } else if (typing) return;
    else if (event.key === "/" && !app.state.open && !sheet.open) {
      event.preventDefault();
      search.focus();
      search.select();
    } else if (event.key === "?" && !sheet.open) sheet.showModal();
    else if (event.key === "t") byId("theme-button").click();
  });
}

/** The choice is remembered where the browser lets a page of this address remember. */
function theme() {
  const button = byId("theme-button");
  let now = "auto";
  try {
    now = localStorage.getItem("smcheck-theme") ?? "auto";
  } catch {
    // Without storage the choice lasts as long as the page.
  }
  const set = (next) => {
    now = THEMES.includes(next) ? next : "auto";
    if (now === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = now;
    button.textContent = `Theme: ${now}`;
  };
  set(now);
  button.addEventListener("click", () => {
    set(THEMES[(THEMES.indexOf(now) + 1) % THEMES.length]);
    try {
      localStorage.setItem("smcheck-theme", now);
    } catch {
      // As above.
    }
  });
}

function printing(data, app) {
  let ready = false;
  const before = () => {
    if (!ready) preparePrint(data, app);
    ready = true;
  };
  const after = () => {
    if (ready) forgetPrint(data, app);
    ready = false;
  };
  window.addEventListener("beforeprint", before);
  window.addEventListener("afterprint", after);
  window.matchMedia("print").addEventListener("change", (event) => (event.matches ? before() : after()));
}

start();
