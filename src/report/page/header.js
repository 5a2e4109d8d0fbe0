// The top of the page: what was compared, how right each target is, and what explains most of what is wrong.

/** Causes that are shown before one asks for more. */
const FIRST_CAUSES = 6;

function drawFacts(data) {
  const facts = byId("facts");
  const made = h("time", { datetime: data.made }, when(data.made));
  facts.replaceChildren(
    h("span", null, `${counted(data.rows.length, "scenario")} against ${counted(data.targets.length, "target")}`),
    h("span", null, made),
    h("span", null, `smcheck ${clean(data.smcheck)}`),
  );
  document.title = `smcheck: ${data.targets.map((target) => clean(target.name)).join(", ")}`;
}

function drawTargets(data) {
  const rows = data.targets.map((target) => targetRow(target));
  byId("targets").replaceChildren(
    h(
      "table",
      { class: "targets" },
      h("caption", { class: "unseen" }, "How right each target is"),
      h("thead", null, h("tr", null,
        h("th", { scope: "col" }, "Target"),
        h("th", { scope: "col", class: "bar-head" }, h("span", { class: "unseen" }, "As a bar")),
        h("th", { scope: "col", class: "number" }, "Outcomes right"),
        h("th", { scope: "col", class: "number" }, "All right"),
        h("th", { scope: "col", class: "tallies-head" }, "Scenarios"))),
      h("tbody", null, rows),
    ),
    h("p", { class: "hint bars-key" },
      h("span", { class: "key all" }), "all right ",
      h("span", { class: "key outcomes" }), "only messages or the wire differ ",
      h("span", { class: "key wrong" }), "an outcome is wrong. ",
      h("span", { class: "bars-note" }, "Of the scenarios that could be judged; deviations on a known list count as any other.")),
  );
}

function targetRow(target) {
  const { agreement = {}, totals = {} } = target;
  const judged = agreement.judged ?? 0;
  const share = (value) => (judged > 0 ? percent(value) : "–");
  const tallies = ["passed", "near", "unsure", "deviated", "known", "skipped", "error"]
    .map((status) => [status, totals[status === "error" ? "errors" : status] ?? 0])
    .filter(([, number]) => number > 0);
  return h(
    "tr",
    null,
    h("th", { scope: "row" },
      h("span", { class: "target-name" }, target.name), " ",
      h("span", { class: "target-version" }, target.version ?? ""),
      h("span", { class: "target-place" }, target.endpoint ?? "")),
    h("td", { class: "bar-cell" }, judged > 0 ? bar(agreement) : null),
    h("td", { class: "number strong", "data-label": "outcomes right" }, share(agreement.outcomes)),
    h("td", { class: "number", "data-label": "all right" }, share(agreement.all)),
    h("td", { class: "tallies" }, target.unusable ? h("p", { class: "unusable" }, symbol("error"), h("span", null, target.unusable)) : null, h("ul", null,
      tallies.map(([status, number]) =>
        h("li", { title: STATUS[status].tells }, symbol(status), `${number.toLocaleString("en")} ${tallyWord(status, number)}`)))),
  );
}

function tallyWord(status, number) {
  if (status === "deviated") return number === 1 ? "deviates" : "deviate";
  return status === "error" && number !== 1 ? "errors" : STATUS[status].word;
}

function bar({ all = 0, outcomes = 0 }) {
  const width = 100;
  const right = Math.min(width, all * width);
  const near = Math.max(0, Math.min(width - right, outcomes * width - right));
  return s(
    "svg",
    { class: "share", viewBox: `0 0 ${width} 8`, preserveAspectRatio: "none", "aria-hidden": "true" },
    s("rect", { class: "share-wrong", x: 0, y: 3, width, height: 2 }),
    s("rect", { class: "share-near", x: right, y: 1.5, width: near, height: 5 }),
    s("rect", { class: "share-all", x: 0, y: 0, width: right, height: 8 }),
  );
}

/** The ranked causes; with a filter on targets, theirs. */
function drawCauses(data, app) {
  const section = byId("causes");
  const chosen = app.state.target;
  const all = rankedCauses(app.causeGroups, (cause) => chosen.size === 0 || chosen.has(data.targets[cause.target]?.key));
  section.hidden = app.causeGroups.length === 0;
  const most = all[0]?.total ?? 1;
  const shown = app.allCauses ? all : all.slice(0, FIRST_CAUSES);
  const list = h("ol", { class: "causes", id: "cause-list" }, shown.map((group, at) => causeItem(data, group, at, most)));
  const more = all.length > FIRST_CAUSES
    ? h("button", { type: "button", class: "quiet more", id: "causes-more", "aria-expanded": String(app.allCauses), "aria-controls": "cause-list",
      on: { click: () => {
        app.allCauses = !app.allCauses;
        drawCauses(data, app);
        byId("causes-more").focus();
      } } }, app.allCauses ? "Show the first few" : `Show all ${all.length} causes`)
    : null;
  section.replaceChildren(
    h("h2", { id: "causes-heading" }, "Causes"),
    h("p", { class: "hint" }, "What differs in the same way has one cause. The ones that explain most scenarios come first."),
    all.length > 0 ? list : h("p", { class: "hint" }, "The chosen targets have none."),
    // `replaceChildren` writes "null" where there is nothing.
    ...(more ? [more] : []),
  );
}

function causeItem(data, group, at, most) {
  const names = group.each.map((cause) => data.targets[cause.target]?.name ?? "");
  const where = names.length > 3 ? `${names.length} of ${data.targets.length} targets` : names.join(", ");
  return h(
    "li",
    null,
    h(
      "details",
      { class: "cause" },
      h(
        "summary",
        null,
        h("span", { class: "cause-rank", "aria-hidden": "true" }, at + 1),
        h("span", { class: "cause-what" },
          h("span", { class: "cause-operation" }, operationName(group.operation)), " ",
          h("span", { class: "cause-summary" }, group.summary)),
        h("span", { class: "cause-meta" }, h("span", { class: "kind" }, group.kind), " ", h("span", null, where)),
        h("span", { class: "cause-number" }, weightBar(group.total, most), counted(group.total, "scenario")),
      ),
      h("div", { class: "cause-body" }, causeBody(data, group)),
    ),
  );
}

function weightBar(number, most) {
  return s(
    "svg",
    { class: "weight", viewBox: "0 0 100 4", preserveAspectRatio: "none", "aria-hidden": "true" },
    s("rect", { x: 0, y: 0, width: Math.max(2, (100 * number) / most), height: 4 }),
  );
}

function causeBody(data, group) {
  const first = group.each[0];
  const alike = group.each.every((cause) => cause.evidence === first.evidence && cause.source === first.source);
  const heads = ["Target", "Smallest scenario", "Explains", alike ? null : "Evidence"].filter(Boolean);
  return [
    alike ? h("p", { class: "cause-evidence" }, evidenceMark(first.evidence), ": ", first.source) : null,
    h(
      "table",
      { class: "cause-targets" },
      h("caption", { class: "unseen" }, "The targets that show it"),
      h("thead", null, h("tr", null, heads.map((word) => h("th", { scope: "col" }, word)))),
      h("tbody", null, group.each.map((cause) => causeRow(data, cause, alike))),
    ),
  ];
}

function causeRow(data, cause, alike) {
  const row = data.byId.get(cause.smallest);
  const only = writeHash(data, { ...emptyState(), cause: `${cause.target}:${cause.id}` });
  return h(
    "tr",
    null,
    h("th", { scope: "row" },
      h("span", { class: "target-name" }, data.targets[cause.target]?.name ?? ""), " ",
      h("span", { class: "cause-id" }, cause.id)),
    h("td", null, row ? h("a", { href: cellLink(data, row, cause.target), class: "id" }, cause.smallest) : h("span", { class: "id" }, cause.smallest)),
    h("td", { class: "explains" }, h("a", { href: only, title: "Show them in the matrix" }, counted(cause.scenarios, "scenario"))),
    alike ? null : h("td", null, evidenceMark(cause.evidence), ": ", cause.source),
  );
}

/** The word of an evidence, with as many dots as it is strong. */
function evidenceMark(evidence) {
  const strength = EVIDENCE.indexOf(evidence);
  const dots = strength < 0 ? 0 : EVIDENCE.length - strength;
  return h(
    "span",
    { class: "evidence", title: EVIDENCE_TELLS[evidence] ?? "" },
    h("span", { class: "dots", "aria-hidden": "true" }, EVIDENCE.map((_, at) => h("i", { class: at < dots ? "on" : null }))),
    evidence ?? "",
  );
}

const EVIDENCE_TELLS = {
  "aws-recorded": "AWS was seen doing so",
  "aws-docs": "the documentation of AWS says so",
  "aws-model": "the model of the service says so",
  reported: "somebody else recorded or reported it",
  inferred: "inferred; nobody has seen it",
};
