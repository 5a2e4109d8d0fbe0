// The page of `smcheck compare`, in a browser. tests/page.rs renders it and runs this.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { addressOf, browser, complaints, dataOf, differs, done, drawnRows, holdToRules, open, told } from "./support.mjs";
import { HOSTILE } from "./synthetic.mjs";

const data = dataOf("500x8");
const names = data.targets.map((target) => target.name);

after(async () => {
  await browser.close();
});

/** How long it takes until a search has been answered, from the moment when the page is asked for. */
async function timeToUsable(name) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, offline: true });
  const page = await context.newPage();
  const begun = performance.now();
  await page.goto(addressOf(name), { waitUntil: "commit" });
  await page.locator("html[data-ready] #search").waitFor();
  await page.locator(".grid-body .cell").first().waitFor();
  const ready = performance.now() - begun;
  await page.locator("#search").fill("pending");
  await page.locator("#count", { hasText: " of " }).waitFor();
  const all = performance.now() - begun;
  const own = await page.evaluate(() => performance.getEntriesByName("smcheck-ready")[0].startTime);
  await context.close();
  return { ready, all, own };
}

async function bestOfThree(name) {
  const runs = [];
  for (let run = 0; run < 3; run += 1) runs.push(await timeToUsable(name));
  const best = runs.sort((a, b) => a.all - b.all)[0];
  const tell = (number) => `${Math.round(number)} ms`;
  console.log(`time to usable, ${name}: ${tell(best.ready)} until drawn, ${tell(best.all)} until a search is answered (the page's own clock: ${tell(best.own)})`);
  return best;
}

test("500 scenarios and 8 targets are usable in under a second", async () => {
  assert.equal(data.scenarios.length * data.targets.length, 4000);
  assert.ok((await bestOfThree("500x8")).all < 1000);
});

test("1,800 scenarios and 8 targets are still fine, down to the last row", async () => {
  const large = dataOf("1800x8");
  assert.equal(large.scenarios.length, 1800);
  assert.ok((await bestOfThree("1800x8")).all < 3000);
  const page = await open("1800x8");
  assert.equal(await told(page), 1800);
  const cells = await page.locator(".grid-body .cell").count();
  assert.ok(cells < 800, `${cells} cells are drawn at once`);
  await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight));
  await page.locator(`[aria-rowindex="1801"]`).waitFor();
  const rows = await drawnRows(page);
  assert.equal(rows.at(-1).id, large.scenarios.at(-1).id);
  await done(page);
});

test("the head tells what was compared, when, and how right each target is", async () => {
  const page = await open("500x8");
  const facts = await page.locator("#facts").innerText();
  for (const part of ["500 scenarios against 8 targets", "25 November 2026, 22:00 UTC", "smcheck 0.1.0"]) assert.ok(facts.includes(part), facts);
  const rows = await page.locator(".targets tbody tr").allInnerTexts();
  data.targets.forEach((target, at) => {
    for (const share of [target.agreement.outcomes, target.agreement.all]) {
      const wanted = share === 1 ? "100 %" : `${(Math.floor(share * 1000 + 1e-9) / 10).toFixed(1)} %`;
      assert.ok(rows[at].includes(wanted), `${rows[at]} has ${wanted}`);
    }
    for (const text of [target.name, target.version, target.endpoint, `${target.totals.passed} passed`]) assert.ok(rows[at].includes(text), `${rows[at]} has ${text}`);
  });
  await done(page);
});

test("causes come ranked, with evidence, source, the smallest scenario and their number", async () => {
  const page = await open("500x8");
  const numbers = await page.locator(".cause-number").allTextContents();
  const counts = numbers.map((text) => Number.parseInt(text.replace(",", ""), 10));
  assert.ok(counts.length > 3 && counts.every((count, at) => at === 0 || counts[at - 1] >= count), numbers.join());
  const first = page.locator(".cause").first();
  // The same cause on several targets is one line, and a scenario that shows it on two counts once.
  const operation = await first.locator(".cause-operation").textContent();
  const summary = await first.locator(".cause-summary").textContent();
  const causes = data.causes.filter((cause) => cause.operation === operation && cause.summary === summary);
  const scenarios = data.scenarios.filter((scenario) =>
    causes.some((cause) => scenario.cells[cause.target]?.deviations.some((deviation) => deviation.cause === cause.id)));
  assert.equal(counts[0], scenarios.length);
  await first.locator("summary").click();
  const body = await first.locator(".cause-body").innerText();
  for (const cause of causes) for (const text of [names[cause.target], cause.id, cause.source, cause.evidence, cause.smallest, `${cause.scenarios} scenarios`]) assert.ok(body.includes(text), `${body} has ${text}`);
  await first.locator("td a.id").first().click();
  await page.locator("#detail[open]").waitFor();
  assert.equal(await page.locator(".panel-id").textContent(), causes[0].smallest);
  assert.ok(page.url().includes(`cell=${causes[0].smallest}@${names[causes[0].target]}`));
  await page.keyboard.press("Escape");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), causes[0].smallest, "back at the link");
  await first.locator(".explains a").first().click();
  await page.locator(".chip-button").waitFor();
  assert.equal(await told(page), causes[0].scenarios);
  await page.locator(".chip-button").click();
  assert.equal(await told(page), 500);
  await done(page);
});

test("search finds ids, titles, operations and messages", async () => {
  const page = await open("500x8");
  const text = (scenario) => JSON.stringify([scenario.id, scenario.title, scenario.operations, scenario.rules, scenario.file, scenario.cells.map((cell) => [cell?.reason, (cell?.deviations ?? []).map(({ path, kind, expected, actual }) => [path, kind, expected, actual])])]).toLowerCase();
  for (const [query, words] of [
    [data.scenarios[42].id, [data.scenarios[42].id]],
    ["moved back by hand", ["moved", "back", "hand"]],
    ["UPDATESECRETVERSIONSTAGE", ["updatesecretversionstage"]],
    ["LimitExceededException", ["limitexceededexception"]],
    ["VersionStage AWSPREVIOUS", ["versionstage awsprevious"]],
    ["no answer within 10 s", ["no answer within 10 s"]],
  ]) {
    await page.locator("#search").fill(query);
    const expected = data.scenarios.filter((scenario) => words.every((word) => text(scenario).includes(word)));
    assert.ok(expected.length > 0 && expected.length < 500, `${query} is worth searching`);
    if (query !== "VersionStage AWSPREVIOUS") assert.equal(await told(page), expected.length, query);
    else assert.ok((await told(page)) >= expected.length, query);
    const rows = await drawnRows(page);
    assert.ok(rows.length > 0 && rows.every((row) => data.scenarios.some((scenario) => scenario.id === row.id)));
  }
  await page.locator("#search").fill("there is nothing like this");
  assert.equal(await told(page), 0);
  assert.equal(await page.locator(".empty-note").innerText(), "No scenario fits the search and the filters.");
  assert.equal(await page.locator("#count").getAttribute("aria-live"), "polite");
  await page.keyboard.press("Escape");
  assert.equal(await told(page), 500);
  await done(page);
});

const some = (scenario, fits) => scenario.cells.some((cell) => (cell?.deviations ?? []).some(fits));
const FILTERS = [
  ["folder", "Folder", "labels", (scenario) => scenario.id.startsWith("labels/")],
  ["operation", "Operation", "GetSecretValue", (scenario) => scenario.operations.includes("GetSecretValue")],
  ["kind", "Kind", "code", (scenario) => some(scenario, (deviation) => deviation.kind === "code")],
  ["evidence", "Evidence", "inferred", (scenario) => scenario.evidence === "inferred" || some(scenario, (deviation) => deviation.evidence === "inferred")],
  ["status", "Status", "unsure", (scenario) => scenario.cells.some((cell) => cell?.status === "unsure")],
  ["severity", "Severity", "wire", (scenario) => some(scenario, (deviation) => deviation.severity === "wire")],
];

for (const [name, label, value, fits] of FILTERS) {
  test(`the filter by ${name}`, async () => {
    const page = await open("500x8");
    const expected = data.scenarios.filter(fits);
    assert.ok(expected.length > 0 && expected.length < 500, `${expected.length} of 500 are worth filtering`);
    const filter = page.locator(`[data-filter="${name}"]`);
    await filter.locator("summary").click();
    const option = filter.getByRole("checkbox", { name: new RegExp(`^${value}`) });
    // The number beside an option is what choosing it leaves.
    const count = await option.locator("xpath=ancestor::label").locator(".option-count").textContent();
    assert.equal(Number(count.replace(",", "")), expected.length);
    await option.check();
    assert.equal(await told(page), expected.length);
    assert.ok(page.url().includes(`${name}=${value}`), page.url());
    const ids = new Set(expected.map((scenario) => scenario.id));
    const rows = await drawnRows(page);
    assert.ok(rows.length > 0 && rows.every((row) => ids.has(row.id)));
    assert.equal(await filter.locator("summary").getAttribute("aria-label"), `${label}: ${value}`);
    await page.keyboard.press("Escape");
    assert.equal(await filter.getAttribute("open"), null);
    await page.getByRole("button", { name: "Clear all" }).click();
    assert.equal(await told(page), 500);
    await done(page);
  });
}

test("the filter by target leaves its columns and its causes", async () => {
  const page = await open("500x8", { hash: "#target=kumo&status=near" });
  assert.deepEqual(await page.locator("#grid").getByRole("columnheader").allInnerTexts(), ["Scenario\n↑", "Evidence", "kumo"]);
  const expected = data.scenarios.filter((scenario) => scenario.cells[names.indexOf("kumo")]?.status === "near");
  assert.ok(expected.length > 0);
  assert.equal(await told(page), expected.length);
  const where = await page.locator(".cause-meta").allInnerTexts();
  assert.ok(where.length > 0 && where.every((text) => text.endsWith("kumo")), where.join());
  await done(page);
});

test("filters work together: kind and operation are of one deviation", async () => {
  const page = await open("500x8", { hash: "#kind=labels&operation=PutSecretValue&folder=labels&folder=limits&target=kumo" });
  const target = names.indexOf("kumo");
  const expected = data.scenarios.filter((scenario) => /^(labels|limits)\//.test(scenario.id)
    && (scenario.cells[target]?.deviations ?? []).some((deviation) => deviation.kind === "labels" && deviation.operation === "PutSecretValue"));
  assert.equal(await told(page), expected.length);
  await done(page);
});

test("columns sort: by id, by evidence, by how many differ, by a target", async () => {
  const page = await open("500x8");
  const order = ["deviated", "error", "unsure", "near", "known", "skipped", "none", "passed"];
  const head = (name) => page.locator("#grid").getByRole("columnheader", { name, exact: true });
  const sorted = (list, down) => list.every((value, at) => at === 0 || (down ? list[at - 1] >= value : list[at - 1] <= value));
  const statuses = async () => (await drawnRows(page)).map((row) => order.indexOf(row.cells[names.indexOf("floci")]));
  await head("floci").getByRole("button").click();
  assert.equal(await head("floci").getAttribute("aria-sort"), "ascending");
  let seen = await statuses();
  assert.ok(seen[0] === 0 && sorted(seen, false), seen.join());
  await head("floci").getByRole("button").click();
  assert.equal(await head("floci").getAttribute("aria-sort"), "descending");
  seen = await statuses();
  assert.ok(seen[0] === 7 && sorted(seen, true), seen.join());
  assert.ok(page.url().includes("sort=-target:floci"), page.url());
  await head("floci").getByRole("button").click();
  assert.equal(await head("Scenario").getAttribute("aria-sort"), "ascending");
  await head("Scenario").getByRole("button").click();
  assert.equal((await drawnRows(page))[0].id, data.scenarios.at(-1).id);
  await head("Differ").getByRole("button").click();
  const most = Math.max(...data.scenarios.map((scenario) => scenario.cells.filter(differs).length));
  assert.equal(await page.locator(".cell-differ").first().innerText(), `${most} of 8`);
  await head("Evidence").getByRole("button").click();
  assert.equal((await page.locator(".cell-evidence").first().innerText()).trim(), "aws-recorded");
  await done(page);
});

/** A cell whose labels part, with a custom label in play. */
function interesting() {
  for (const scenario of data.scenarios) {
    for (const [target, cell] of scenario.cells.entries()) {
      if (cell?.status === "deviated" && scenario.steps.length === 5 && cell.deviations.some((deviation) => deviation.kind === "labels")) return { scenario, target, cell };
    }
  }
  throw new Error("the data has no such cell");
}

test("a deep link opened afresh brings back filters, order, search and the open cell", async () => {
  const { scenario, target } = interesting();
  const hash = `#q=put&status=deviated&sort=-id&cell=${scenario.id}@${names[target]}`;
  const page = await open("500x8", { hash });
  assert.equal(await page.locator("#detail").getAttribute("open"), "");
  assert.equal(await page.locator("#detail-title").textContent(), scenario.title);
  assert.equal(await page.getByRole("tab", { selected: true }).getAttribute("aria-label"), `${names[target]}: deviates`);
  assert.equal(await page.locator("#search").inputValue(), "put");
  assert.equal(new URL(page.url()).hash, hash);
  await page.keyboard.press("Escape");
  assert.equal(await page.locator("#detail").getAttribute("open"), null);
  assert.equal(new URL(page.url()).hash, "#q=put&status=deviated&sort=-id");
  // A cell that is opened is a step of the browser's history.
  await page.locator(".grid-body .cell").first().click();
  await page.locator("#detail[open]").waitFor();
  await page.goBack();
  await page.locator("#detail:not([open])").waitFor({ state: "attached" });
  await page.goForward();
  await page.locator("#detail[open]").waitFor();
  await done(page);
});

test("a link to what is not here says so", async () => {
  const page = await open("500x8", { hash: "#cell=labels/gone@moto" });
  assert.match(await page.locator("#count").innerText(), /^The link names a scenario that is not here: labels\/gone@moto\. 500 scenarios/);
  await done(page);
});

test("the timeline draws every label of every version, expected and observed, and where they part", async () => {
  const { scenario, target, cell } = interesting();
  const page = await open("500x8", { hash: `#cell=${scenario.id}@${names[target]}` });
  const wanted = [];
  const apart = new Set();
  for (const [side, timeline] of [["expected", scenario.expected], ["observed", cell.observed]]) {
    for (const version of timeline.secrets[0].versions) {
      version.labels.forEach((labels, at) => (labels ?? []).forEach((label) => wanted.push(`${label} on ${version.name} after step ${at + 1}, ${side}`)));
    }
  }
  scenario.expected.secrets[0].versions.forEach((version, index) => version.labels.forEach((labels, at) => {
    const other = cell.observed.secrets[0].versions[index].labels[at];
    if (labels && other && [...labels].sort().join() !== [...other].sort().join()) apart.add(at + 1);
  }));
  assert.ok(apart.size > 0);
  const drawn = await page.locator(".drawing g > title").allTextContents();
  assert.deepEqual([...drawn].sort(), wanted.sort());
  const heads = await page.locator(".step-number").allTextContents();
  assert.deepEqual(heads, scenario.steps.map(({ step }) => (apart.has(step) ? `≠ ${step}` : `${step}`)));
  // Each label has a colour, a shape and letters of its own.
  const looks = await page.locator(".label-legend .chip").evaluateAll((chips) => chips.map((chip) => {
    const shape = chip.querySelector(".chip-shape");
    return [getComputedStyle(shape).fill, shape.getAttribute("d") ?? "circle", chip.querySelector("text").textContent];
  }));
  assert.ok(looks.length >= 3);
  for (const part of [0, 1, 2]) assert.equal(new Set(looks.map((look) => look[part])).size, looks.length);
  // The same as a table.
  await page.getByText("The same as a table").click();
  const rows = await page.locator(".table-scroll tbody tr").count();
  assert.equal(rows, scenario.expected.secrets[0].versions.length);
  const marked = await page.locator(".table-scroll td.apart").allInnerTexts();
  assert.ok(marked.length >= apart.size && marked.every((text) => /^≠ expected: .+\nobserved: .+/.test(text)), marked.join());
  await done(page);
});

test("expected and actual stand side by side with what differs marked, evidence, source and line", async () => {
  const { scenario, target, cell } = interesting();
  const page = await open("500x8", { hash: `#cell=${scenario.id}@${names[target]}` });
  const blocks = page.locator(".deviation");
  assert.equal(await blocks.count(), cell.deviations.length);
  const { step, line, operation, evidence, source, cause } = cell.deviations[0];
  const text = await blocks.first().innerText();
  for (const part of [`Step ${step}`, operation, evidence, source, `${scenario.file}:${line}`, cause]) assert.ok(text.includes(part), `${text} has ${part}`);
  // At one moment: the panel may be sliding in still.
  const [left, right] = await blocks.first().evaluate((block) => [".expected", ".actual"].map((side) => {
    const { x, y, width } = block.querySelector(side).getBoundingClientRect();
    return { x, y, width };
  }));
  assert.ok(left.y === right.y && left.x + left.width <= right.x, "beside each other");
  // A message: the words that differ are marked, and no others.
  const where = data.scenarios.flatMap((one) => one.cells.map((entry, at) => [one, at, entry])).find(([, , entry]) => entry?.deviations[0]?.kind === "message");
  await page.goto(`${addressOf("500x8")}#cell=${where[0].id}@${names[where[1]]}`);
  await page.getByRole("heading", { name: where[0].title }).waitFor();
  const actual = page.locator(".deviation").first().locator(".actual pre");
  assert.equal((await actual.innerText()).trim(), where[2].deviations[0].actual);
  const marks = await actual.locator("mark").allTextContents();
  assert.equal(marks[0], "An error occurred: ");
  assert.ok(!marks.join("").includes("find the specified"), marks.join("|"));
  await done(page);
});

test("dark and light: as the system has it, by a switch that is remembered", async () => {
  const ground = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const page = await open("500x8", { colorScheme: "dark" });
  const dark = await ground(page);
  await page.emulateMedia({ colorScheme: "light" });
  const light = await ground(page);
  assert.notEqual(dark, light);
  await page.getByRole("button", { name: "Theme: auto" }).click();
  await page.getByRole("button", { name: "Theme: light" }).click();
  assert.equal(await ground(page), dark, "chosen against the system");
  await page.reload();
  await page.getByRole("button", { name: "Theme: dark" }).waitFor();
  assert.equal(await ground(page), dark, "remembered");
  await done(page);
});

test("with the keyboard alone from the top of the page into a cell and back", async () => {
  const page = await open("500x8");
  const focused = () => page.evaluate(() => {
    const { activeElement: node } = document;
    return { role: node.getAttribute("role"), row: node.dataset?.row, column: node.dataset?.column, id: node.id, outline: getComputedStyle(node).outlineStyle };
  });
  await page.keyboard.press("Tab");
  assert.equal((await focused()).id, "skip");
  await page.keyboard.press("Enter");
  assert.deepEqual(await focused(), { role: "rowheader", row: "0", column: "0", id: "", outline: "solid" });
  for (const key of ["ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowUp"]) await page.keyboard.press(key);
  assert.deepEqual(await focused(), { role: "gridcell", row: "1", column: "4", id: "", outline: "solid" });
  assert.equal(await page.locator('.grid-root [tabindex="0"]').count(), 1, "one cell is in the tab order");
  await page.keyboard.press("Enter");
  await page.locator("#detail[open]").waitFor();
  assert.equal((await focused()).id, "detail-title");
  assert.equal(await page.locator(".panel-id").textContent(), data.scenarios[1].id);
  await page.keyboard.press("n");
  assert.equal(await page.locator(".panel-id").textContent(), data.scenarios[2].id);
  await page.keyboard.press("p");
  await page.getByRole("tab", { selected: true }).focus();
  await page.keyboard.press("ArrowRight");
  assert.equal((await focused()).id, "tab-2");
  assert.ok(page.url().endsWith(`@${names[2]}`));
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("Escape");
  await page.locator("#detail:not([open])").waitFor({ state: "attached" });
  assert.deepEqual(await focused(), { role: "gridcell", row: "1", column: "4", id: "", outline: "solid" });
  await page.keyboard.press("Control+End");
  assert.equal((await focused()).row, "499");
  // Focus stays when its row is scrolled out of sight.
  await page.evaluate(() => document.getElementById("matrix").scrollIntoView());
  await page.locator('[data-row="0"]').first().waitFor();
  assert.equal((await focused()).row, "499");
  await page.keyboard.press("Control+Home");
  await page.keyboard.press("ArrowUp");
  assert.equal((await focused()).row, "-1");
  await page.keyboard.press("/");
  assert.equal((await focused()).id, "search");
  await page.keyboard.type("blue");
  await page.keyboard.press("ArrowDown");
  assert.equal((await focused()).row, "0");
  await page.keyboard.press("?");
  await page.locator("#keys[open]").waitFor();
  await page.keyboard.press("Escape");
  assert.equal(await page.locator("#keys").getAttribute("open"), null);
  assert.equal((await focused()).row, "0");
  await done(page);
});

test("names and roles: what a screen reader is told", async () => {
  const page = await open("500x8");
  const grid = page.getByRole("grid", { name: "All scenarios" });
  assert.equal(await grid.getAttribute("aria-rowcount"), "501");
  assert.equal(await grid.getAttribute("aria-colcount"), "11");
  const first = data.scenarios[0];
  const cell = first.cells.findIndex(differs);
  const count = first.cells[cell].deviations.length;
  const name = await grid.locator('[aria-rowindex="2"] .cell').nth(cell).getAttribute("aria-label");
  assert.match(name, new RegExp(`^${names[cell]}: \\w+, \\w+( \\+\\d+)?, ${count} deviations?$`));
  await page.getByRole("searchbox", { name: "Search ids, titles, operations and messages" }).waitFor();
  for (const [, label] of FILTERS) await page.locator(`summary[aria-label="${label}: any"]`).waitFor();
  await grid.locator(".cell").first().click();
  await page.getByRole("dialog", { name: first.title }).waitFor();
  await page.getByRole("tablist", { name: "Targets" }).waitFor();
  await done(page);
});

for (const colorScheme of ["light", "dark"]) {
  test(`contrast and the rules for accessible pages, ${colorScheme}`, async () => {
    const { scenario, target } = interesting();
    const page = await open("500x8", { colorScheme, reducedMotion: "reduce" });
    await page.locator(".cause summary").first().click();
    await holdToRules(page, "the page");
    await page.evaluate(() => window.scrollTo(0, document.getElementById("matrix").offsetTop + 600));
    await page.waitForTimeout(100);
    await holdToRules(page, "the matrix");
    await page.locator('[data-filter="status"] summary').click();
    await holdToRules(page, "an open filter", "#bar");
    await page.keyboard.press("Escape");
    await page.goto(`${addressOf("500x8")}#cell=${scenario.id}@${names[target]}`);
    await page.locator("#detail[open]").waitFor();
    await page.locator(".as-table summary").click();
    await holdToRules(page, "the panel", "#detail");
    await page.goto(`${addressOf("500x8")}#cell=${scenario.id}`);
    await page.locator(".overview").waitFor();
    await holdToRules(page, "all targets of one scenario", "#detail");
    const pale = await page.locator(".drawing .chip-text").evaluateAll((texts) => texts.map((text) => {
      const channels = (color) => color.match(/[\d.]+/g).slice(0, 3).map((part) => Number(part) / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
      const light = (color) => channels(color).reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
      const [one, other] = [light(getComputedStyle(text).fill), light(getComputedStyle(text.parentElement.querySelector(".chip-shape")).fill)].sort((a, b) => b - a);
      return (one + 0.05) / (other + 0.05);
    }).filter((ratio) => ratio < 4.5));
    assert.deepEqual(pale, [], "letters on labels");
    await done(page);
  });
}

for (const width of [380, 768, 1600]) {
  test(`readable at ${width} pixels`, async () => {
    const { scenario, target } = interesting();
    const page = await open("500x8", { viewport: { width, height: 900 } });
    const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
    assert.ok(await fits(), "nothing hangs out sideways");
    const boxes = await page.locator('[aria-rowindex="2"] .cell').evaluateAll((cells) => cells.map((cell) => cell.getBoundingClientRect()).map(({ left, right, width: wide, height }) => ({ left, right, wide, height })));
    assert.equal(boxes.length, 8);
    assert.ok(boxes.every((box) => box.left >= 0 && box.right <= width && box.wide >= 24 && box.height >= 24), JSON.stringify(boxes));
    await page.goto(`${addressOf("500x8")}#cell=${scenario.id}@${names[target]}`);
    await page.locator("#detail[open]").waitFor();
    assert.ok(await page.locator("#detail").evaluate((panel) => panel.scrollWidth <= panel.clientWidth), "nor in the panel");
    await done(page);
  });
}

test("filters are reached at 380 pixels", async () => {
  const page = await open("500x8", { viewport: { width: 380, height: 800 } });
  const toggle = page.getByRole("button", { name: "Filters" });
  assert.equal(await toggle.getAttribute("aria-expanded"), "false");
  await toggle.click();
  await page.locator('[data-filter="status"] summary').click();
  await page.getByRole("checkbox", { name: /^near/ }).check();
  assert.equal(await told(page), data.scenarios.filter((scenario) => scenario.cells.some((cell) => cell?.status === "near")).length);
  await page.getByRole("button", { name: "Filters (1)" }).waitFor();
  await done(page);
});

test("paper gets the summary, the causes and the rows that deviate", async () => {
  const page = await open("500x8", { hash: "#folder=labels" });
  await page.emulateMedia({ media: "print" });
  await page.locator(".print-table").waitFor();
  const deviating = data.scenarios.filter((scenario) => scenario.id.startsWith("labels/") && scenario.cells.some(differs));
  assert.equal(await page.locator(".print-table tbody tr").count(), deviating.length);
  assert.equal(await page.locator("#print h2").innerText(), `${deviating.length} scenarios of those that the filters left with deviations`);
  for (const hidden of ["#bar", "#grid", ".top-tools"]) assert.equal(await page.locator(hidden).isVisible(), false, hidden);
  for (const shown of [".targets", "#causes", ".print-table"]) assert.equal(await page.locator(shown).isVisible(), true, shown);
  const kinds = new Set(data.causes.map((cause) => JSON.stringify([cause.operation, cause.kind, cause.summary])));
  assert.equal(await page.locator(".cause").count(), kinds.size, "all causes");
  const paper = await page.pdf({ format: "A4" });
  assert.ok(paper.length > 20_000);
  await page.emulateMedia({ media: "screen" });
  await page.locator(".print-table").waitFor({ state: "detached" });
  await done(page);
});

test("what a target says is text, and nothing else", async () => {
  const page = await open("hostile");
  const hostile = dataOf("hostile");
  for (const scenario of hostile.scenarios) {
    await page.goto(`${addressOf("hostile")}#cell=${encodeURIComponent(`${scenario.id}@${hostile.targets[0].name}`)}`);
    await page.locator(".panel-id", { hasText: scenario.id }).waitFor();
    await page.locator(".as-table summary").click();
    assert.equal(await page.locator(".deviation").count(), 2);
  }
  assert.equal(await page.evaluate(() => window.broken), undefined);
  assert.equal(await page.locator("script").count(), 2);
  assert.equal(await page.locator("img").count(), 0);
  const text = await page.locator("body").evaluate((body) => body.innerText);
  assert.ok(text.includes(HOSTILE[1]), "shown as it is");
  assert.ok(text.includes("left\\u{202e}right\\u{2066}"), "what has no shape is an escape");
  assert.doesNotMatch(text, /[\u0000\u001b\u200b\u202e\u2066]/);
  await done(page);
});

test("a comparison without a scenario says so", async () => {
  const page = await open("empty");
  assert.equal(await page.locator(".empty-note").innerText(), "No scenario ran.");
  assert.equal(await page.locator("#causes").isVisible(), false);
  assert.ok((await page.locator(".targets").innerText()).includes("–"));
  await done(page);
});

test("no message in the console, no exception, no request to any network", () => {
  assert.deepEqual(complaints, []);
});
