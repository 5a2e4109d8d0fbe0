// The data of the page: read once, and brought into the form in which it is asked for.

/** Statuses, the gravest first: their word, and what it means. */
const STATUS = {
  deviated: { word: "deviates", tells: "something differs from what AWS does" },
  error: { word: "error", tells: "smcheck could not do its work" },
  unsure: { word: "unsure", tells: "what differs rests on an inferred expectation" },
  near: { word: "near", tells: "only messages or the wire differ" },
  known: { word: "known", tells: "all that differs is on the list of known deviations" },
  skipped: { word: "skipped", tells: "not judged, for a reason that lies in the target" },
  none: { word: "not run", tells: "the scenario did not run there" },
  passed: { word: "passed", tells: "all expectations hold" },
};
const RANK = Object.fromEntries(Object.keys(STATUS).map((status, at) => [status, at]));
const KINDS = ["outcome", "code", "message", "member", "value", "type", "labels", "invariant", "wire"];
const EVIDENCE = ["aws-recorded", "aws-docs", "aws-model", "reported", "inferred"];
const SEVERITIES = ["outcome", "message", "wire"];

/** Known words first, in their order; then what else there is. */
function inOrder(known, found) {
  const rest = [...found].filter((word) => !known.includes(word)).sort();
  return [...known.filter((word) => found.has(word)), ...rest];
}

/** How grave a deviation is, where the data does not say. */
function severityOf(deviation) {
  if (deviation.severity) return deviation.severity;
  return deviation.kind === "message" || deviation.kind === "wire" ? deviation.kind : "outcome";
}

function readData() {
  const data = JSON.parse(byId("smcheck-data").textContent);
  const names = new Map();
  const targets = (data.targets ?? []).map((target, at) => {
    const seen = names.get(target.name) ?? 0;
    names.set(target.name, seen + 1);
    // Two targets may have one name: a link must still tell them apart.
    return { ...target, at, key: seen ? `${target.name}~${seen + 1}` : target.name };
  });
  const causes = new Map((data.causes ?? []).map((cause) => [`${cause.target}:${cause.id}`, cause]));
  const rows = (data.scenarios ?? []).map((scenario, at) => row(scenario, at, targets));
  return { ...data, targets, rows, causes, byId: new Map(rows.map((entry) => [entry.id, entry])) };
}

function row(scenario, at, targets) {
  const slash = scenario.id.indexOf("/");
  const cells = targets.map((_, target) => scenario.cells?.[target] ?? null);
  return {
    at,
    scenario,
    cells,
    id: scenario.id,
    folder: slash < 0 ? "(none)" : scenario.id.slice(0, slash),
    differs: cells.filter(differs).length,
    hay: null,
  };
}

/** Whether a cell has deviations that count as such, known or not. */
function differs(cell) {
  return cell !== null && (cell.deviations?.length ?? 0) > 0;
}

const statusOf = (cell) => cell?.status ?? "none";

/** All that search looks at, in lower case. Made when it is first asked for. */
function haystack(entry) {
  if (entry.hay !== null) return entry.hay;
  const { scenario } = entry;
  const parts = [scenario.id, scenario.title, scenario.file, ...(scenario.operations ?? []), ...(scenario.rules ?? [])];
  for (const cell of entry.cells) {
    if (!cell) continue;
    if (cell.reason) parts.push(cell.reason);
    for (const deviation of cell.deviations ?? []) {
      parts.push(deviation.path, deviation.kind, textOf(deviation.expected), textOf(deviation.actual));
    }
  }
  entry.hay = parts.join("\n").toLowerCase();
  return entry.hay;
}

/** A value as search sees it: texts without quotes, the rest as JSON. */
function textOf(value) {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** The deviation that says most of a cell: the gravest, in the order of kinds. */
function gravest(cell) {
  let best = null;
  for (const deviation of cell?.deviations ?? []) {
    if (best === null || weight(deviation) < weight(best)) best = deviation;
  }
  return best;
}

function weight(deviation) {
  const severity = SEVERITIES.indexOf(severityOf(deviation));
  const kind = KINDS.indexOf(deviation.kind);
  return (severity < 0 ? 0 : severity) * 100 + (kind < 0 ? 99 : kind);
}

/** Causes that say the same of several targets, as one. */
function groupedCauses(data) {
  const rows = new Map();
  for (const entry of data.rows) {
    entry.cells.forEach((cell, target) => {
      for (const { cause } of cell?.deviations ?? []) {
        if (!cause) continue;
        const key = `${target}:${cause}`;
        if (!rows.has(key)) rows.set(key, new Set());
        rows.get(key).add(entry.at);
      }
    });
  }
  const groups = new Map();
  for (const [key, cause] of data.causes) {
    const name = JSON.stringify([cause.operation, cause.kind, cause.summary]);
    if (!groups.has(name)) groups.set(name, { ...cause, each: [] });
    groups.get(name).each.push({ ...cause, rows: rows.get(key) ?? new Set() });
  }
  return [...groups.values()];
}

/** How many scenarios a cause explains on the targets that it is looked at on: one that deviates on two counts once. */
function explained(each) {
  const all = new Set(each.flatMap((cause) => [...cause.rows]));
  return Math.max(all.size, ...each.map((cause) => cause.scenarios));
}

/** The causes of these targets, the one that explains most first. */
function rankedCauses(groups, isShown) {
  const out = [];
  for (const group of groups) {
    const each = group.each.filter(isShown);
    if (each.length > 0) out.push({ ...group, each, total: explained(each) });
  }
  return out.sort((a, b) => b.total - a.total || b.each.length - a.each.length);
}

/** An operation's name in words. */
const operationName = (name) => (name === "*" ? "all operations" : name || "raw request");

/** A share in per cent with one decimal, never rounded up: 100 % means all, and 0 % means none. */
function percent(share) {
  if (typeof share !== "number" || !Number.isFinite(share)) return "–";
  if (share <= 0) return "0 %";
  const tenths = Math.floor(share * 1000 + 1e-9);
  if (tenths < 1) return "<0.1 %";
  return tenths >= 1000 ? "100 %" : `${(tenths / 10).toFixed(1)} %`;
}

/** The time of the run, as a person writes it, in UTC. */
function when(made) {
  const date = new Date(made);
  if (Number.isNaN(date.getTime())) return made ?? "";
  const day = date.toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
  const time = date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "UTC" });
  return `${day}, ${time} UTC`;
}
