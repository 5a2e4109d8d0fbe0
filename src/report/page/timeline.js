// Staging labels over time: versions are lines, steps are columns, and labels travel from line to line.
//
// What was expected and what was observed stand below each other over the same columns. A label has a colour, a shape
// and two letters of its own, so that none of the three is needed to tell it.

const COLUMN = 92;
const LANE = 40;
const STACK = 25;
const HEAD = 52;
const TITLE = 34;
const RADIUS = 11;

const SPECIAL = {
  AWSCURRENT: { letters: "Cu", shape: "circle", colour: "label-current" },
  AWSPREVIOUS: { letters: "Pr", shape: "square", colour: "label-previous" },
  AWSPENDING: { letters: "Pe", shape: "hexagon", colour: "label-pending" },
};
const CUSTOM_SHAPES = ["flag", "diamond", "tag", "pentagon"];
const CUSTOM_COLOURS = ["label-a", "label-b", "label-c"];

/** How each label of the timelines is drawn. */
function labelLooks(timelines) {
  const found = new Set();
  for (const timeline of timelines) {
    for (const secret of timeline?.secrets ?? []) {
      for (const version of secret.versions) for (const labels of version.labels) for (const label of labels ?? []) found.add(label);
    }
  }
  const looks = new Map();
  const letters = new Set();
  for (const label of inOrder(Object.keys(SPECIAL), found)) {
    const custom = [...looks.keys()].filter((one) => !SPECIAL[one]).length;
    const look = SPECIAL[label] ?? {
      letters: shortName(label, letters),
      shape: CUSTOM_SHAPES[custom % CUSTOM_SHAPES.length],
      colour: CUSTOM_COLOURS[custom % CUSTOM_COLOURS.length],
    };
    letters.add(look.letters);
    looks.set(label, look);
  }
  return looks;
}

/** Two letters that no other label has: its first two, its first and a later one, or a number. */
function shortName(label, taken) {
  const all = [...clean(label).replace(/[^\p{L}\p{N}]/gu, "")];
  const options = all.slice(1).map((letter) => (all[0] ?? "").toUpperCase() + letter.toLowerCase());
  for (let number = 1; number < 100; number += 1) options.push(String(number));
  return options.find((option) => !taken.has(option)) ?? "+";
}

/** Secrets and versions of both timelines, each with what was expected and observed after each step. */
function lanesOf(expected, observed, steps) {
  const secrets = new Map();
  for (const [side, timeline] of [["expected", expected], ["observed", observed]]) {
    for (const secret of timeline?.secrets ?? []) {
      const versions = secrets.get(secret.name) ?? new Map();
      secrets.set(secret.name, versions);
      for (const version of secret.versions) {
        const lane = versions.get(version.name) ?? { name: version.name, expected: null, observed: null };
        lane[side] = steps.map((_, at) => version.labels[at] ?? null);
        versions.set(version.name, lane);
      }
    }
  }
  return [...secrets].map(([name, versions]) => ({ name, lanes: [...versions.values()] }));
}

const sameLabels = (one, other) => one.length === other.length && one.every((label) => other.includes(label));

/** Whether the two part after this step: both are known, and they are not the same. */
function parts(lane, at) {
  const [one, other] = [lane.expected?.[at], lane.observed?.[at]];
  return Boolean(one && other && !sameLabels(one, other));
}

/** The section of the panel: legend, drawing, and the same as a table. `null` where nothing is known. */
function timelineSection(steps, expected, observed) {
  if ((!expected && !observed) || steps.length === 0) return null;
  const secrets = lanesOf(expected, observed, steps);
  if (secrets.length === 0) return null;
  const looks = labelLooks([expected, observed]);
  const apart = steps.filter((_, at) => secrets.some((secret) => secret.lanes.some((lane) => parts(lane, at))));
  const sides = [expected && "expected", observed && "observed"].filter(Boolean);
  return h(
    "section",
    { class: "timeline", "aria-labelledby": "timeline-heading" },
    h("h3", { id: "timeline-heading" }, "Staging labels"),
    h("p", { class: "hint", id: "timeline-summary" }, summaryOf(sides, apart)),
    legendOf(looks),
    drawing(secrets, steps, sides, looks, apart),
    h("details", { class: "as-table" }, h("summary", null, "The same as a table"), tableOf(secrets, steps, sides)),
  );
}

function summaryOf(sides, apart) {
  if (sides.length === 1) return `After each step, as ${sides[0]}.`;
  if (apart.length === 0) return "After each step, as expected and as observed. Where both are known they agree.";
  const list = apart.map((step) => step.step).join(", ");
  return `After each step, as expected and as observed. They part after step ${list} (≠).`;
}

function legendOf(looks) {
  return h(
    "ul",
    { class: "label-legend", "aria-label": "Labels in the drawing" },
    [...looks].map(([label, look]) =>
      h("li", null, s("svg", { viewBox: "0 0 28 28", class: "chip", "aria-hidden": "true" }, chip(14, 14, look)), label),
    ),
  );
}

/** The shape of a label with its letters, centred on a point. */
function chip(x, y, look, title) {
  const r = RADIUS;
  const outlines = {
    square: `M${x - r + 1} ${y - r + 1}h${2 * r - 2}v${2 * r - 2}h${2 - 2 * r}Z`,
    hexagon: `M${x - r - 1} ${y}l${r / 2 + 0.5} ${-r}h${r + 1}l${r / 2 + 0.5} ${r}l${-r / 2 - 0.5} ${r}h${-r - 1}Z`,
    diamond: `M${x} ${y - r - 3}L${x + r + 3} ${y}L${x} ${y + r + 3}L${x - r - 3} ${y}Z`,
    flag: `M${x - r} ${y - r}h${2 * r + 2}l-4 ${r}l4 ${r}h${-2 * r - 2}Z`,
    tag: `M${x - r - 2} ${y - r}h${1.5 * r}l${r / 2 + 4} ${r}l${-r / 2 - 4} ${r}h${-1.5 * r}Z`,
    pentagon: `M${x} ${y - r - 2}l${r + 2} ${r - 1}l-4 ${r + 2}h${-2 * r + 4}l-4 ${-r - 2}Z`,
  };
  return s(
    "g",
    { class: `chip-${look.colour}` },
    title ? s("title", null, title) : null,
    look.shape === "circle"
      ? s("circle", { cx: x, cy: y, r, class: "chip-shape" })
      : s("path", { d: outlines[look.shape], class: "chip-shape" }),
    s("text", { x, y: y + 3.6, class: "chip-text", "text-anchor": "middle" }, look.letters),
  );
}

function drawing(secrets, steps, sides, looks, apart) {
  const width = steps.length * COLUMN + 8;
  const names = h("div", { class: "lane-names", "aria-hidden": "true" });
  const layers = { back: s("g"), wires: s("g"), chips: s("g") };
  let y = HEAD;
  for (const side of sides) {
    names.append(h("span", { class: "lane-side", css: { top: `${y + 8}px` } }, side));
    layers.back.append(s("path", { d: `M0 ${y + 0.5}H${width}`, class: "rule" }));
    y += TITLE;
    for (const secret of secrets) {
      if (secrets.length > 1) {
        names.append(h("span", { class: "lane-secret", css: { top: `${y - 4}px` } }, secret.name));
        y += 18;
      }
      y = drawSecret(secret, side, y, steps, looks, names, layers);
    }
    y += 6;
  }
  const marks = apart.map((step) => {
    const x = steps.indexOf(step) * COLUMN;
    return s("rect", { x: x + 3, y: 2, width: COLUMN - 6, height: y - 4, rx: 6, class: "parts" });
  });
  const svg = s(
    "svg",
    { width, height: y, viewBox: `0 0 ${width} ${y}`, role: "img", "aria-label": "Timeline of the staging labels", "aria-describedby": "timeline-summary" },
    marks,
    steps.map((step, at) => stepHead(step, at, apart.includes(step))),
    layers.back,
    layers.wires,
    layers.chips,
  );
  names.style.setProperty("height", `${y}px`);
  return h("div", { class: "drawing", role: "group", tabindex: "0", "aria-label": "Timeline, scrolls sideways" }, names, svg);
}

function stepHead(step, at, apart) {
  const x = at * COLUMN + COLUMN / 2;
  const lines = humps(operationName(step.operation));
  return s(
    "g",
    { class: apart ? "step apart" : "step" },
    s("text", { x, y: 18, "text-anchor": "middle", class: "step-number" }, apart ? `≠ ${step.step}` : step.step),
    lines.map((line, row) => s("text", { x, y: 32 + row * 12, "text-anchor": "middle", class: "step-operation" }, line)),
  );
}

/** An operation's name on two lines at most, broken between its words. */
function humps(name) {
  if (name.length <= 14) return [name];
  const lines = [""];
  for (const hump of name.match(/[A-Z]?[^A-Z]+|[A-Z]+/g) ?? [name]) {
    if (lines.at(-1) && lines.at(-1).length + hump.length > 14 && lines.length < 2) lines.push("");
    lines[lines.length - 1] += hump;
  }
  return lines.map((line) => (line.length > 17 ? `${line.slice(0, 16)}…` : line));
}

function drawSecret(secret, side, top, steps, looks, names, layers) {
  let y = top;
  const places = new Map();
  for (const lane of secret.lanes) {
    const states = lane[side] ?? steps.map(() => null);
    const most = Math.max(1, ...states.map((labels) => labels?.length ?? 0));
    const height = LANE + (most - 1) * STACK;
    const middle = y + height / 2;
    names.append(h("span", { class: "lane-name", css: { top: `${middle - 9}px` } }, lane.name));
    drawLane(lane, states, middle, layers);
    states.forEach((labels, at) => {
      const ordered = inOrder([...looks.keys()], new Set(labels ?? []));
      ordered.forEach((label, place) => {
        const x = at * COLUMN + COLUMN / 2;
        const cy = middle + (place - (ordered.length - 1) / 2) * STACK;
        if (!places.has(label)) places.set(label, []);
        places.get(label).push({ at, x, y: cy, lane, middle });
        layers.chips.append(chip(x, cy, looks.get(label), `${label} on ${lane.name} after step ${steps[at].step}, ${side}`));
      });
      if (parts(lane, at)) layers.back.append(ring(at, middle, height));
    });
    y += height;
  }
  for (const [label, stops] of places) {
    drawWires(stops, looks.get(label), secret, side, layers.wires);
    drawEnds(stops, looks.get(label), secret, side, steps.length, layers.wires);
  }
  return y;
}

/** The line of a version: from the step after which it is known; dotted where it was not looked at. */
function drawLane(lane, states, middle, { back, chips }) {
  const first = states.findIndex((labels) => labels !== null);
  states.forEach((labels, at) => {
    if (first < 0 || at < first) return;
    const x = at * COLUMN;
    const from = at === first ? x + COLUMN / 2 : x;
    back.append(s("path", { d: `M${from} ${middle}H${x + COLUMN}`, class: labels === null ? "lane unknown" : "lane" }));
    if (labels === null) chips.append(s("text", { x: x + COLUMN / 2, y: middle - 5, "text-anchor": "middle", class: "lane-note" }, "not looked at"));
    else if (labels.length === 0) back.append(s("circle", { cx: x + COLUMN / 2, cy: middle, r: 3, class: "empty" }, s("title", null, `${lane.name}: no label`)));
  });
}

function ring(at, middle, height) {
  return s("rect", {
    x: at * COLUMN + COLUMN / 2 - 20, y: middle - height / 2 + 3, width: 40, height: height - 6, rx: 14, class: "ring",
  });
}

/** What joins a label's places: straight where it stays, a curve where it moves, dashed over steps that are not known. */
function drawWires(stops, look, secret, side, wires) {
  const byStep = new Map();
  for (const stop of stops) byStep.set(stop.at, [...(byStep.get(stop.at) ?? []), stop]);
  const order = [...byStep.keys()].sort((a, b) => a - b);
  for (let index = 1; index < order.length; index += 1) {
    const [before, after] = [order[index - 1], order[index]];
    // Between the two every version was looked at and none had the label: it was away.
    if (after - before > 1 && wasAway(secret, side, before, after)) continue;
    for (const to of byStep.get(after)) {
      const stayed = byStep.get(before).find((from) => from.lane === to.lane);
      const from = stayed ?? byStep.get(before)[0];
      const bend = COLUMN * 0.5 * (after - before);
      const d = from.y === to.y ? `M${from.x} ${from.y}H${to.x}` : `M${from.x} ${from.y}C${from.x + bend} ${from.y} ${to.x - bend} ${to.y} ${to.x} ${to.y}`;
      wires.append(s("path", { d, class: `wire wire-${look.colour}${after - before > 1 ? " unknown" : ""}${stayed ? "" : " moves"}` }));
    }
  }
}

/** A label that is on no version after the next step, though all were looked at: its line ends in a cross. */
function drawEnds(stops, look, secret, side, count, wires) {
  const there = new Set(stops.map((stop) => stop.at));
  for (const { at, x, y } of stops) {
    if (at + 1 >= count || there.has(at + 1) || secret.lanes.some((lane) => lane[side]?.[at] && !lane[side][at + 1])) continue;
    const end = x + 32;
    wires.append(
      s("path", { d: `M${x} ${y}H${end - 5}`, class: `wire wire-${look.colour}` }),
      s("path", { d: `M${end - 4} ${y - 4}l8 8m0 -8l-8 8`, class: `ends wire-${look.colour}` }),
    );
  }
}

function wasAway(secret, side, before, after) {
  for (let at = before + 1; at < after; at += 1) {
    if (secret.lanes.some((lane) => lane[side]?.[at] !== null && lane[side]?.[at] !== undefined)) return true;
  }
  return false;
}

const wordsOfState = (labels) => (labels === null || labels === undefined ? "not known" : labels.length === 0 ? "none" : labels.join(", "));

/** One row for each version, one column for each step: for those who do not see the drawing, and to copy. */
function tableOf(secrets, steps, sides) {
  const several = secrets.length > 1;
  const head = h(
    "tr",
    null,
    h("th", { scope: "col" }, "Version"),
    steps.map((step) => h("th", { scope: "col" }, `${step.step} ${operationName(step.operation)}`)),
  );
  const rows = secrets.flatMap((secret) =>
    secret.lanes.map((lane) =>
      h(
        "tr",
        null,
        h("th", { scope: "row" }, several ? `${secret.name} ${lane.name}` : lane.name),
        steps.map((_, at) => tableCell(lane, at, sides)),
      ),
    ),
  );
  return h(
    "div",
    { class: "table-scroll", role: "group", tabindex: "0", "aria-label": "Table of the staging labels, scrolls sideways" },
    h("table", null, h("caption", { class: "unseen" }, "Labels of each version after each step"), h("thead", null, head), h("tbody", null, rows)),
  );
}

function tableCell(lane, at, sides) {
  if (parts(lane, at)) {
    return h(
      "td",
      { class: "apart" },
      h("span", null, `≠ expected: ${wordsOfState(lane.expected[at])}`),
      h("span", null, `observed: ${wordsOfState(lane.observed[at])}`),
    );
  }
  const known = sides.map((side) => lane[side]?.[at]).find((labels) => labels !== null && labels !== undefined);
  return h("td", null, known === undefined ? "–" : wordsOfState(known));
}
