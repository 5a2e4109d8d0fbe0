// What the reader has chosen, and the part of the address after `#` that holds it.

/** Filters with several values, in the order of the page. */
const FILTERS = ["folder", "operation", "kind", "evidence", "status", "severity", "target"];

function emptyState() {
  const state = { q: "", cause: null, sort: { by: "id", down: false }, open: null };
  for (const name of FILTERS) state[name] = new Set();
  return state;
}

/** `q=labels&status=deviated&cell=labels/x@moto` to a state; `problem` says what could not be found. */
function readHash(data, hash) {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const state = emptyState();
  state.q = given.get("q") ?? "";
  for (const name of FILTERS) state[name] = new Set(given.getAll(name));
  const cause = given.get("cause");
  if (cause) state.cause = findCause(data, cause);
  const sort = given.get("sort") ?? "id";
  state.sort = { by: sort.replace(/^-/, ""), down: sort.startsWith("-") };
  const cell = given.get("cell");
  let problem = cause && !state.cause ? `The link names a cause that is not here: ${cause}` : null;
  if (cell) {
    state.open = findCell(data, cell);
    if (!state.open) problem = `The link names a scenario that is not here: ${cell}`;
  }
  return { state, problem };
}

function findCause(data, text) {
  const mark = text.lastIndexOf("@");
  const target = data.targets.find((entry) => entry.key === text.slice(mark + 1));
  const key = `${target?.at}:${text.slice(0, mark)}`;
  return data.causes.has(key) ? key : null;
}

function findCell(data, text) {
  // An id may hold the sign itself.
  if (data.byId.has(text)) return { row: data.byId.get(text), target: -1 };
  const mark = text.lastIndexOf("@");
  const row = data.byId.get(text.slice(0, mark));
  const target = data.targets.find((entry) => entry.key === text.slice(mark + 1));
  return mark > 0 && row && target ? { row, target: target.at } : null;
}

function cellName(data, row, target) {
  return target < 0 ? row.id : `${row.id}@${data.targets[target].key}`;
}

function causeName(data, key) {
  const cause = data.causes.get(key);
  return `${cause.id}@${data.targets[cause.target].key}`;
}

function writeHash(data, state) {
  const out = new URLSearchParams();
  if (state.q) out.set("q", state.q);
  for (const name of FILTERS) for (const value of state[name]) out.append(name, value);
  if (state.cause) out.set("cause", causeName(data, state.cause));
  if (state.sort.by !== "id" || state.sort.down) out.set("sort", (state.sort.down ? "-" : "") + state.sort.by);
  if (state.open) out.set("cell", cellName(data, state.open.row, state.open.target));
  const text = out.toString().replaceAll("%2F", "/").replaceAll("%40", "@").replaceAll("%3A", ":");
  return text ? `#${text}` : "#";
}

/** A link to one cell, with nothing else chosen. */
function cellLink(data, row, target) {
  return writeHash(data, { ...emptyState(), open: { row, target } });
}

/** The targets that are looked at: those chosen, or all. */
function shownTargets(data, state) {
  const chosen = data.targets.filter((target) => state.target.has(target.key));
  return chosen.length > 0 ? chosen : data.targets;
}

/** Whether filters are set that look into deviations. */
const looksInside = (state) => state.kind.size > 0 || state.severity.size > 0 || state.cause !== null;

function deviationFits(state, deviation, target) {
  return (
    (state.kind.size === 0 || state.kind.has(deviation.kind)) &&
    (state.severity.size === 0 || state.severity.has(severityOf(deviation))) &&
    (state.operation.size === 0 || state.operation.has(deviation.operation)) &&
    (state.cause === null || state.cause === `${target}:${deviation.cause}`)
  );
}

function cellFits(state, cell, target) {
  if (state.status.size > 0 && !state.status.has(statusOf(cell))) return false;
  if (!looksInside(state)) return true;
  return (cell?.deviations ?? []).some((deviation) => deviationFits(state, deviation, target));
}

function rowFits(state, entry, targets, words) {
  const { scenario, cells } = entry;
  if (state.folder.size > 0 && !state.folder.has(entry.folder)) return false;
  // With a filter that looks into deviations, the operation is that of the deviation.
  if (state.operation.size > 0 && !looksInside(state)) {
    if (!(scenario.operations ?? []).some((operation) => state.operation.has(operation))) return false;
  }
  if (state.evidence.size > 0 && !evidenceFits(state, entry, targets)) return false;
  if (state.status.size > 0 || looksInside(state)) {
    if (!targets.some((target) => cellFits(state, cells[target.at], target.at))) return false;
  }
  return words.length === 0 || words.every((word) => haystack(entry).includes(word));
}

function evidenceFits(state, entry, targets) {
  if (state.evidence.has(entry.scenario.evidence)) return true;
  return targets.some((target) =>
    (entry.cells[target.at]?.deviations ?? []).some((deviation) => state.evidence.has(deviation.evidence)),
  );
}

/** The rows that fit, in the order of the data. */
function fitting(data, state) {
  const targets = shownTargets(data, state);
  const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
  return data.rows.filter((entry) => rowFits(state, entry, targets, words));
}

/** The rows that fit, in the order that is asked for. */
function select(data, state) {
  return sorted(data, state, fitting(data, state), shownTargets(data, state));
}

function sorted(data, state, rows, targets) {
  const { by, down } = state.sort;
  const target = data.targets.find((entry) => `target:${entry.key}` === by);
  let measure = null;
  if (target) measure = (entry) => RANK[statusOf(entry.cells[target.at])] * 1000 - (entry.cells[target.at]?.deviations?.length ?? 0);
  else if (by === "differ") measure = (entry) => -targets.filter((one) => differs(entry.cells[one.at])).length;
  else if (by === "evidence") measure = (entry) => inRank(EVIDENCE, entry.scenario.evidence);
  const sign = down ? -1 : 1;
  const keyed = rows.map((entry) => [measure ? measure(entry) : 0, entry]);
  // Where the measure is equal the order of the data stands: that of the ids.
  keyed.sort((a, b) => sign * (a[0] - b[0]) || (measure ? a[1].at - b[1].at : sign * (a[1].at - b[1].at)));
  return keyed.map(([, entry]) => entry);
}

const inRank = (known, word) => (known.indexOf(word) + known.length + 1) % (known.length + 1);
