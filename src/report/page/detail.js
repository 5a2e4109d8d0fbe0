// The panel of one scenario: what differs on one target, or how all targets did.

class Detail {
  constructor(data, app) {
    this.data = data;
    this.app = app;
    this.dialog = byId("detail");
    this.dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.app.open(null);
    });
    this.dialog.addEventListener("click", (event) => {
      // The backdrop belongs to the dialog itself.
      if (event.target === this.dialog) this.app.open(null);
    });
    this.dialog.addEventListener("keydown", (event) => this.onKey(event));
  }

  show(open, focusOn) {
    this.dialog.replaceChildren(this.content(open));
    if (!this.dialog.open) this.dialog.showModal();
    this.dialog.scrollTop = 0;
    const focus = focusOn ? this.dialog.querySelector(focusOn) : byId("detail-title");
    focus?.focus({ preventScroll: true });
    this.dialog.querySelector('[aria-selected="true"]')?.scrollIntoView({ inline: "nearest", block: "nearest", behavior: "instant" });
  }

  hide() {
    if (this.dialog.open) this.dialog.close();
    this.dialog.replaceChildren();
  }

  onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "n" || event.key === "p") this.step(event.key === "n" ? 1 : -1);
  }

  /** The next scenario or the one before, in the order of the matrix. */
  step(by, focusOn) {
    const { row, target } = this.app.state.open;
    const at = this.app.rows.indexOf(row);
    const next = this.app.rows[at + by];
    if (at >= 0 && next) this.app.open({ row: next, target }, focusOn);
  }

  content({ row, target }) {
    const { scenario } = row;
    const at = this.app.rows.indexOf(row);
    const cell = target < 0 ? null : row.cells[target];
    return h(
      "article",
      { class: "panel" },
      h("div", { class: "panel-top" },
        h("span", { class: "panel-place" }, at >= 0 ? `${(at + 1).toLocaleString("en")} of ${this.app.rows.length.toLocaleString("en")}` : "not among the filtered"),
        this.button("Previous", "p", "previous", at > 0, () => this.step(-1, ".previous")),
        this.button("Next", "n", "next", at >= 0 && at < this.app.rows.length - 1, () => this.step(1, ".next")),
        this.button("Close", "Esc", "close", true, () => this.app.open(null))),
      h("header", { class: "panel-head" },
        h("p", { class: "id panel-id" }, scenario.id),
        h("h2", { id: "detail-title", tabindex: "-1" }, scenario.title)),
      this.tabs(row, target),
      h("div", { role: "tabpanel", id: "detail-panel", "aria-labelledby": `tab-${target}`, class: "panel-body" },
        target < 0 ? this.overview(row) : this.cell(row, target, cell),
        this.about(scenario)),
    );
  }

  button(word, key, name, enabled, click) {
    return h("button", { type: "button", class: `quiet ${name}`, disabled: !enabled, "aria-keyshortcuts": key === "Esc" ? "Escape" : key, on: { click } },
      word, " ", h("kbd", { "aria-hidden": "true" }, key));
  }

  tabs(row, target) {
    const all = [-1, ...this.data.targets.map((one) => one.at)];
    const tab = (at) =>
      h("button", {
        type: "button", role: "tab", id: `tab-${at}`, class: "tab", "aria-selected": String(at === target), tabindex: at === target ? "0" : "-1",
        "aria-controls": at === target ? "detail-panel" : null,
        "aria-label": at < 0 ? "All targets" : `${this.data.targets[at].key}: ${STATUS[statusOf(row.cells[at])].word}`,
        on: { click: () => this.app.open({ row, target: at }, `#tab-${at}`) },
      }, at < 0 ? "All" : [symbol(statusOf(row.cells[at])), this.data.targets[at].key]);
    return h("div", { role: "tablist", class: "tabs", "aria-label": "Targets", on: { keydown: (event) => {
      const moves = { ArrowRight: 1, ArrowLeft: -1 };
      const now = all.indexOf(target);
      let next = null;
      if (moves[event.key]) next = (now + moves[event.key] + all.length) % all.length;
      else if (event.key === "Home") next = 0;
      else if (event.key === "End") next = all.length - 1;
      if (next === null) return;
      event.preventDefault();
      this.app.open({ row, target: all[next] }, `#tab-${all[next]}`);
    } } }, all.map(tab));
  }

  /** How every target did. */
  overview(row) {
    const { scenario } = row;
    return [
      h("table", { class: "overview" },
        h("caption", { class: "unseen" }, "How each target did"),
        h("thead", null, h("tr", null, ["Target", "Status", "What differs"].map((word) => h("th", { scope: "col" }, word)))),
        h("tbody", null, this.data.targets.map((target) => {
          const cell = row.cells[target.at];
          return h("tr", null,
            h("th", { scope: "row" }, h("a", { href: cellLink(this.data, row, target.at), on: { click: (event) => {
              event.preventDefault();
              this.app.open({ row, target: target.at }, `#tab-${target.at}`);
            } } }, target.key)),
            h("td", null, badge(statusOf(cell))),
            h("td", { class: "differs-by" }, kindsOf(cell) || cell?.reason || ""));
        }))),
      timelineSection(scenario.steps ?? [], scenario.expected, null),
    ];
  }

  cell(row, target, cell) {
    const { scenario } = row;
    const info = this.data.targets[target];
    const deviations = cell?.deviations ?? [];
    const time = timelineSection(scenario.steps ?? [], scenario.expected, cell?.observed ?? null);
    const list = deviations.length > 0
      ? h("section", { "aria-labelledby": "deviations-heading", class: "deviations" },
        h("h3", { id: "deviations-heading" }, deviations.length === 1 ? "What differs" : `What differs, ${deviations.length} times`),
        deviations.map((deviation) => this.deviation(row, target, deviation)))
      : null;
    // Where labels differ, the drawing says it at a glance; elsewhere it is background.
    const first = deviations.some((deviation) => deviation.kind === "labels");
    return [
      h("p", { class: "verdict" }, badge(statusOf(cell)),
        h("span", { class: "verdict-target" }, `${clean(info.name)} ${clean(info.version ?? "")}`.trim()),
        typeof cell?.millis === "number" ? h("span", { class: "verdict-time" }, `${cell.millis.toLocaleString("en")} ms`) : null),
      h("p", { class: "hint" }, sentence(STATUS[statusOf(cell)]?.tells ?? "")),
      cell?.reason ? h("blockquote", { class: "reason" }, cell.reason) : null,
      first ? [time, list] : [list, time],
    ];
  }

  deviation(row, target, deviation) {
    const { scenario } = row;
    const cause = this.data.causes.get(`${target}:${deviation.cause}`);
    const [left, right] = sidesOf(deviation);
    const file = scenario.file ? `${scenario.file}:${deviation.line ?? 1}` : null;
    return h(
      "section",
      { class: "deviation", "aria-label": `Step ${deviation.step}, ${clean(deviation.kind)}` },
      h("p", { class: "deviation-head" },
        h("span", { class: "step-mark" }, `Step ${deviation.step}`),
        h("strong", null, operationName(deviation.operation)),
        h("span", { class: "kind" }, deviation.kind),
        ["outcome", deviation.kind].includes(severityOf(deviation)) ? null : h("span", { class: "severity" }, `severity: ${clean(severityOf(deviation))}`),
        deviation.known ? h("span", { class: "severity" }, "on the list of known deviations") : null,
        deviation.path && deviation.path !== deviation.kind ? h("code", null, deviation.path) : null),
      h("div", { class: "sides" },
        h("div", { class: "side expected" }, h("h4", null, h("span", { "aria-hidden": "true" }, "− "), "Expected"), h("pre", { tabindex: "0", role: "group", "aria-label": "Expected" }, left)),
        h("div", { class: "side actual" }, h("h4", null, h("span", { "aria-hidden": "true" }, "+ "), "Actual"), h("pre", { tabindex: "0", role: "group", "aria-label": "Actual" }, right))),
      h("dl", { class: "facts-list" },
        h("dt", null, "Evidence"), h("dd", null, evidenceMark(deviation.evidence), ": ", deviation.source),
        file ? [h("dt", null, "At"), h("dd", null, h("code", null, file))] : null,
        cause ? [h("dt", null, "Cause"), h("dd", null,
          h("a", { href: writeHash(this.data, { ...emptyState(), cause: `${target}:${deviation.cause}` }) },
            `${clean(cause.id)}, which explains ${counted(cause.scenarios, "scenario")}`))] : null),
    );
  }

  /** What the scenario is, whatever came of it. */
  about(scenario) {
    const line = (step) => h("li", { value: step.step },
      operationName(step.operation), step.line ? h("span", { class: "line-number" }, ` line ${step.line}`) : null);
    return h(
      "section",
      { class: "about", "aria-labelledby": "about-heading" },
      h("h3", { id: "about-heading" }, "The scenario"),
      h("dl", { class: "facts-list" },
        h("dt", null, "File"), h("dd", null, h("code", null, scenario.file ?? "")),
        h("dt", null, "Evidence"), h("dd", null, evidenceMark(scenario.evidence), ": ", scenario.source ?? ""),
        (scenario.rules ?? []).length > 0
          ? [h("dt", null, "Rules"), h("dd", null, scenario.rules.map((rule, at) => [at ? ", " : "", h("code", null, rule)]))]
          : null,
        (scenario.steps ?? []).length > 0 ? [h("dt", null, "Steps"), h("dd", null, h("ol", { class: "steps" }, scenario.steps.map(line)))] : null),
    );
  }
}

/** `labels, value, 2 × member` */
function kindsOf(cell) {
  const kinds = new Map();
  for (const deviation of cell?.deviations ?? []) kinds.set(deviation.kind, (kinds.get(deviation.kind) ?? 0) + 1);
  return inOrder(KINDS, new Set(kinds.keys())).map((kind) => (kinds.get(kind) > 1 ? `${kinds.get(kind)} × ${kind}` : kind)).join(", ");
}

const sentence = (text) => (text ? `${text[0].toUpperCase()}${text.slice(1)}.` : "");
