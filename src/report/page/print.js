// What is printed: the summary and the causes as they are, and the rows of the matrix that deviate, written out.

/** Rows that are printed at most; a longer list is no reading. */
const MOST_PRINTED = 400;

/** Makes the part of the page that only paper shows; takes it away afterwards. */
function preparePrint(data, app) {
  const targets = shownTargets(data, app.state);
  const rows = app.rows.filter((entry) => targets.some((target) => differs(entry.cells[target.at])));
  const shown = rows.slice(0, MOST_PRINTED);
  const head = h("tr", null, h("th", { scope: "col", class: "print-scenario" }, "Scenario"), targets.map((target) => h("th", { scope: "col", class: "print-target" }, target.key)));
  const body = shown.map((entry) =>
    h("tr", null,
      h("th", { scope: "row" }, h("span", { class: "row-title" }, entry.scenario.title), h("span", { class: "row-id" }, entry.id)),
      targets.map((target) => printCell(entry.cells[target.at]))));
  const chosen = app.rows.length < data.rows.length ? " of those that the filters left" : "";
  byId("print").replaceChildren(
    h("h2", null, `${counted(rows.length, "scenario")}${chosen} with deviations`),
    h("table", { class: "print-table" }, h("thead", null, head), h("tbody", null, body)),
    rows.length > shown.length ? h("p", null, `The first ${shown.length} of ${rows.length} are printed.`) : "",
    h("p", { class: "legend" }, legendItems()),
  );
  app.causesBeforePrint ??= app.allCauses;
  app.allCauses = true;
  drawCauses(data, app);
  for (const details of byId("causes").querySelectorAll("details")) details.open = details.closest("li").matches(":nth-child(-n+10)");
}

function forgetPrint(data, app) {
  byId("print").replaceChildren();
  app.allCauses = app.causesBeforePrint ?? app.allCauses;
  app.causesBeforePrint = null;
  drawCauses(data, app);
}

function printCell(cell) {
  const status = statusOf(cell);
  const note = status === "passed" ? h("span", { class: "unseen" }, STATUS.passed.word) : kindsOf(cell) || STATUS[status].word;
  return h("td", { class: `print-cell ${status}` }, symbol(status), note);
}

function legendItems() {
  return Object.entries(STATUS).map(([status, { word, tells }]) =>
    h("span", { class: "legend-item" }, symbol(status), h("span", null, h("b", null, word), ` ${tells}`)));
}
