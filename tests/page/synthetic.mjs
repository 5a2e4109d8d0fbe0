// Data for the page that nobody recorded: as many scenarios and targets as asked for, the same ones every time.
//
//   node synthetic.mjs SCENARIOS TARGETS >data.json
//   node synthetic.mjs hostile >data.json
//
// A scenario is a sequence of operations on the labels of a secret. A small model moves the labels as the service does, and
// once more with what a target gets wrong, so that timelines and deviations fit each other.

const TARGETS = [
  ["moto", "5.2.5"], ["localstack", "4.2.0"], ["ministack", "1.0.9"], ["floci", "0.4.1"], ["aws-emulator", "2.1.0"],
  ["kumo", "0.3.2"], ["fakecloud", "0.9.9"], ["embedded", "0.1.0"],
];
const FOLDERS = ["labels", "versions", "idempotency", "rotate-secret", "put-secret-value", "update-secret", "limits", "names-and-arns", "wire", "describe-secret"];
const EVIDENCE = ["aws-recorded", "aws-docs", "aws-docs", "aws-model", "inferred"];
const SOURCES = {
  "aws-recorded": "a public recording, placebo test_secrets_manager, PutSecretValue_1",
  "aws-docs": "API reference, PutSecretValue: a version that loses AWSCURRENT gets AWSPREVIOUS",
  "aws-model": "SDK model, PutSecretValueRequest",
  inferred: "as for UpdateSecretVersionStage, which AWS documents",
};

/** Numbers from 0 to 1 that look random and are the same every time. */
function numbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** Faults of targets: each alters how the model moves labels, or what a target says. */
const FAULTS = {
  "previous-stays": { operation: "UpdateSecretVersionStage", kind: "labels", summary: "AWSPREVIOUS does not follow when AWSCURRENT is moved by hand" },
  "pending-stays": { operation: "PutSecretValue", kind: "labels", summary: "AWSPENDING stays on the version that loses AWSCURRENT" },
  "custom-lost": { operation: "PutSecretValue", kind: "labels", summary: "a custom label is dropped from the version that is demoted" },
  "message-differs": { operation: "GetSecretValue", kind: "message", summary: "message: expected \"Secrets Manager can't find the specified secret.\", got another" },
  "code-differs": { operation: "PutSecretValue", kind: "code", summary: "code: expected LimitExceededException, got nothing" },
  "extra-member": { operation: "DescribeSecret", kind: "member", summary: "RotationEnabled: expected nothing, got false" },
  "header-differs": { operation: "DescribeSecret", kind: "wire", summary: "header.content-type: expected application/x-amz-json-1.1, got text/html" },
};

const PLANS = [
  ["create", "put", "put", "describe"],
  ["create", "put", "move", "get"],
  ["create", "pending", "move", "describe"],
  ["create", "custom", "put", "put", "describe"],
  ["create", "put", "pending", "move", "put", "move", "describe", "get"],
  ["create", "get"],
];
const OPERATIONS = {
  create: "CreateSecret", put: "PutSecretValue", pending: "PutSecretValue", custom: "UpdateSecretVersionStage",
  move: "UpdateSecretVersionStage", describe: "DescribeSecret", get: "GetSecretValue",
};
const TITLES = {
  create: "A new secret has one version, and it is current",
  put: "A value that is put becomes current, and the one before it previous",
  pending: "A pending version becomes current when its label is moved",
  custom: "A custom label stays where it is while the current version changes",
  move: "AWSCURRENT is moved back by hand, and AWSPREVIOUS follows it",
};

/** The labels of every version after each step; with `faults`, as a target that has them would show them. */
function play(plan, faults = new Set()) {
  const versions = [];
  const holder = (label) => versions.find((version) => version.now?.includes(label));
  const take = (label) => {
    const from = holder(label);
    if (from) from.now = from.now.filter((one) => one !== label);
    return from;
  };
  const makeCurrent = (version, byHand) => {
    const from = take("AWSCURRENT");
    version.now.push("AWSCURRENT");
    if (!from || from === version) return;
    if (byHand && faults.has("previous-stays")) return;
    take("AWSPREVIOUS");
    from.now = from.now.filter((label) => label !== "AWSPENDING" || faults.has("pending-stays"));
    if (faults.has("custom-lost")) from.now = from.now.filter((label) => label.startsWith("AWS"));
    from.now.push("AWSPREVIOUS");
    version.now = version.now.filter((label) => label !== "AWSPREVIOUS");
  };
  plan.forEach((step, at) => {
    if (["create", "put", "pending"].includes(step)) {
      const version = { name: `v${versions.length + 1}`, labels: Array(at).fill(null), now: [] };
      versions.push(version);
      if (step === "pending") {
        take("AWSPENDING");
        version.now.push("AWSPENDING");
      } else makeCurrent(version, false);
    } else if (step === "custom") holder("AWSCURRENT").now.push("blue-green");
    else if (step === "move") makeCurrent(holder("AWSPENDING") ?? holder("AWSPREVIOUS"), true);
    for (const version of versions) version.labels.push([...version.now]);
  });
  return { secrets: [{ name: "db", versions: versions.map(({ name, labels }) => ({ name, labels })) }] };
}

function deviationsOf(scenario, plan, faults, evidence) {
  const out = [];
  const base = (at, kind, path, expected, actual, fault) => ({
    step: at + 1, line: scenario.steps[at].line, operation: scenario.steps[at].operation, kind, severity: ["message", "wire"].includes(kind) ? kind : "outcome",
    path, cause: fault, expected, actual, evidence, source: SOURCES[evidence],
  });
  const observed = play(plan, faults);
  scenario.expected.secrets[0].versions.forEach((version, index) => {
    version.labels.forEach((labels, at) => {
      const there = observed.secrets[0].versions[index].labels[at];
      const fault = ["previous-stays", "pending-stays", "custom-lost"].find((name) => faults.has(name));
      if (labels && there && JSON.stringify([...labels].sort()) !== JSON.stringify([...there].sort())) {
        out.push(base(at, "labels", `labels.${version.name}`, labels, there, fault));
      }
    });
  });
  const last = plan.length - 1;
  if (faults.has("message-differs") && plan[last] === "get") {
    out.push(base(last, "message", "message", "Secrets Manager can't find the specified secret value for staging label: AWSPREVIOUS", "An error occurred: Secrets Manager can't find the specified secret value for VersionStage AWSPREVIOUS", "message-differs"));
  }
  if (faults.has("code-differs") && plan.includes("pending")) out.push(base(plan.indexOf("pending"), "code", "code", "LimitExceededException", null, "code-differs"));
  if (plan[last] === "describe") {
    if (faults.has("extra-member")) {
      out.push(base(last, "value", "", { ARN: "${arn}", Name: "${name}", VersionIdsToStages: { "${v1}": ["AWSPREVIOUS"], "${v2}": ["AWSCURRENT"] } }, { ARN: "${arn}", Name: "${name}", RotationEnabled: false, VersionIdsToStages: { "${v1}": [], "${v2}": ["AWSCURRENT"] } }, "extra-member"));
    }
    if (faults.has("header-differs")) out.push(base(last, "wire", "header.content-type", "application/x-amz-json-1.1", "text/html; charset=utf-8", "header-differs"));
  }
  return { out, observed };
}

function statusFor(deviations, random) {
  if (deviations.length === 0) return "passed";
  if (random() < 0.18) return "known";
  if (deviations.every((deviation) => deviation.severity !== "outcome")) return "near";
  return deviations.every((deviation) => deviation.evidence === "inferred") ? "unsure" : "deviated";
}

function cellOf(scenario, plan, faults, evidence, random) {
  const draw = random();
  const millis = 3 + Math.floor(random() * 60);
  if (draw < 0.05) return { status: "skipped", reason: "the target has no function that rotates", millis: 0, deviations: [] };
  if (draw < 0.055) return { status: "error", reason: "step 2: no answer within 10 s", millis: 10000, deviations: [] };
  if (draw < 0.06) return null;
  const { out, observed } = deviationsOf(scenario, plan, faults, evidence);
  const status = statusFor(out, random);
  const cell = { status, millis, deviations: out };
  if (status === "known") cell.reason = "the target remembers the version last written as current";
  if (out.length > 0) cell.observed = observed;
  return cell;
}

/** The object of the page, for so many scenarios and targets. */
export function synthetic(scenarios, targets, seed = 7) {
  const random = numbers(seed);
  const names = Object.keys(FAULTS);
  const list = Array.from({ length: targets }, (_, at) => {
    const [name, version] = TARGETS[at] ?? [`target-${at + 1}`, "1.0.0"];
    // A fault shows in some folders and not in others, as real ones do.
    const here = () => (name === "embedded" ? [] : names.filter(() => random() < 0.2));
    const faults = new Map(FOLDERS.map((folder) => [folder, new Set(here())]));
    return { name, version, endpoint: `http://127.0.0.1:${5000 + at}`, faults };
  });
  const rows = Array.from({ length: scenarios }, (_, at) => rowOf(at, list, random));
  rows.sort((a, b) => (a.id < b.id ? -1 : 1));
  return {
    schema: 1,
    smcheck: "0.1.0",
    made: "2026-11-25T22:00:00Z",
    targets: list.map(({ name, version, endpoint }, at) => ({ name, version, endpoint, ...figures(rows, at) })),
    scenarios: rows,
    causes: list.flatMap((target, at) => causesOf(rows, at)),
  };
}

function rowOf(at, list, random) {
  const folder = FOLDERS[at % FOLDERS.length];
  const plan = PLANS[Math.floor(random() * PLANS.length)];
  const evidence = EVIDENCE[Math.floor(random() * EVIDENCE.length)];
  const word = ["put", "move", "pending", "custom", "create"].find((step) => plan.at(-2) === step || plan.includes(step));
  const id = `${folder}/${word}-${plan.length}-steps-${String(at + 1).padStart(4, "0")}`;
  const scenario = {
    id,
    title: `${TITLES[word]} (${at + 1})`,
    file: `scenarios/${id}.yaml`,
    evidence,
    source: SOURCES[evidence],
    rules: [`PutSecretValue.${word}-${at % 7}`],
    operations: [...new Set(plan.map((step) => OPERATIONS[step]))],
    steps: plan.map((step, index) => ({ step: index + 1, operation: OPERATIONS[step], line: 9 + index * 5 })),
    expected: play(plan),
  };
  scenario.cells = list.map((target) => cellOf(scenario, plan, target.faults.get(folder), evidence, random));
  return scenario;
}

function figures(rows, at) {
  const totals = { passed: 0, near: 0, unsure: 0, deviated: 0, known: 0, skipped: 0, errors: 0 };
  const judged = [];
  for (const { cells } of rows) {
    const cell = cells[at];
    if (!cell) continue;
    totals[cell.status === "error" ? "errors" : cell.status] += 1;
    if (cell.status !== "skipped" && cell.status !== "error") judged.push(cell);
  }
  const right = judged.filter((cell) => cell.deviations.every((deviation) => deviation.severity !== "outcome")).length;
  const all = judged.filter((cell) => cell.deviations.length === 0).length;
  return { totals, agreement: { judged: judged.length, outcomes: right / judged.length, all: all / judged.length } };
}

/** What each fault explains on a target; the deviations get the ids of their causes. */
function causesOf(rows, at) {
  const found = new Map();
  for (const row of rows) {
    for (const deviation of row.cells[at]?.deviations ?? []) {
      const entry = found.get(deviation.cause) ?? { scenarios: new Set(), smallest: row, deviations: [] };
      entry.scenarios.add(row.id);
      entry.deviations.push(deviation);
      if (row.steps.length < entry.smallest.steps.length) entry.smallest = row;
      found.set(deviation.cause, entry);
    }
  }
  return [...found]
    .sort((a, b) => b[1].scenarios.size - a[1].scenarios.size)
    .map(([fault, entry], index) => {
      const id = `c${String(index + 1).padStart(2, "0")}`;
      for (const deviation of entry.deviations) deviation.cause = id;
      const { operation, kind, summary } = FAULTS[fault];
      return { target: at, id, operation, kind, summary, evidence: "aws-docs", source: SOURCES["aws-docs"], smallest: entry.smallest.id, scenarios: entry.scenarios.size };
    });
}

/** Strings that a target could choose to break out, to load something or to mislead the eye. */
export const HOSTILE = [
  "</script><script>window.broken = 1</script>",
  "<img src=x onerror=\"window.broken = 1\">",
  "/*DATA*/ /*SCRIPT*/ <!-- <style>*{display:none}</style>",
  "left\u202eright\u2066 \u0000\u001b[31m\u200b end",
  "__proto__",
  "${7*7} {{7*7}} \" onfocus=\"window.broken = 1",
];

/** A small comparison that holds each of them in every place that a target or a scenario could fill. */
export function hostile() {
  const data = synthetic(HOSTILE.length, 2);
  data.targets.forEach((target, at) => Object.assign(target, { name: `${HOSTILE[at]}`, version: HOSTILE[3], endpoint: HOSTILE[1] }));
  data.scenarios.forEach((scenario, at) => {
    const text = HOSTILE[at];
    Object.assign(scenario, { title: text, source: text, rules: [text], operations: [text] });
    scenario.steps[0].operation = text;
    scenario.expected.secrets[0].name = text;
    scenario.expected.secrets[0].versions[0].labels[0] = [text];
    const deviation = { step: 1, line: 3, operation: text, kind: "member", severity: text, path: text, cause: "c01", expected: { [text]: text }, actual: text, evidence: "inferred", source: text };
    scenario.cells[0] = { status: "deviated", reason: text, millis: 1, deviations: [deviation, { ...deviation, kind: "message", expected: text, actual: `${text} or not` }], observed: scenario.expected };
  });
  data.causes = [{ target: 0, id: "c01", operation: HOSTILE[0], kind: "member", summary: HOSTILE[1], evidence: "inferred", source: HOSTILE[3], smallest: data.scenarios[0].id, scenarios: HOSTILE.length }];
  return data;
}

if (process.argv[1]?.endsWith("synthetic.mjs")) {
  const [scenarios = "500", targets = "8"] = process.argv.slice(2);
  const data = scenarios === "hostile" ? hostile() : synthetic(Number(scenarios), Number(targets));
  process.stdout.write(JSON.stringify(data));
}
