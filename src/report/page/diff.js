// Expected and actual side by side, with what differs marked: by lines, and within a line by words.

/** More tokens than this are not compared word by word: it would take long and nobody would read it. */
const MOST_TOKENS = 1500;
/** More characters than this of one value are not shown; the JSON report holds all. */
const MOST_CHARACTERS = 20000;

/** Whether null stands for a value that is not there. Two values that are compared are both there. */
const nullIsNothing = (kind) => kind !== "value" && kind !== "type";

/** A value as lines; `null` where there is none. */
function linesOf(value, kind, plainText) {
  if ((value === null || value === undefined) && nullIsNothing(kind)) return null;
  if (typeof value === "string" && plainText) return value.split("\n");
  return pretty(value ?? null, "").split("\n");
}

/** Values of more characters than this are broken into lines. */
const INLINE = 48;

/** JSON over several lines, where what is short stays on one. */
function pretty(value, indent) {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const flat = spaced(value);
  // What holds lists or objects is broken on both sides alike, however short, so that lines can be compared.
  const isLeaf = Object.values(value).every((entry) => entry === null || typeof entry !== "object");
  if (isLeaf && flat.length <= INLINE) return flat;
  const inner = `${indent}  `;
  const isList = Array.isArray(value);
  const parts = isList
    ? value.map((entry) => inner + pretty(entry, inner))
    : Object.entries(value).map(([key, entry]) => `${inner}${JSON.stringify(key)}: ${pretty(entry, inner)}`);
  const [open, close] = isList ? "[]" : "{}";
  return `${open}\n${parts.join(",\n")}\n${indent}${close}`;
}

/** JSON on one line, with a space after commas and colons. */
function spaced(value) {
  if (Array.isArray(value)) return `[${value.map(spaced).join(", ")}]`;
  if (value && typeof value === "object") {
    return `{${Object.entries(value).map(([key, entry]) => `${JSON.stringify(key)}: ${spaced(entry)}`).join(", ")}}`;
  }
  return JSON.stringify(value);
}

/** Steps from one list to another: `[sign, from left, from right]` with sign `=`, `-` or `+`. */
function edits(left, right) {
  let head = 0;
  while (head < left.length && head < right.length && left[head] === right[head]) head += 1;
  let tail = 0;
  while (
    tail < left.length - head && tail < right.length - head &&
    left[left.length - 1 - tail] === right[right.length - 1 - tail]
  ) tail += 1;
  const out = [];
  for (let at = 0; at < head; at += 1) out.push(["=", at, at]);
  middle(left.slice(head, left.length - tail), right.slice(head, right.length - tail), head, out);
  for (let at = tail; at > 0; at -= 1) out.push(["=", left.length - at, right.length - at]);
  return out;
}

/** The longest common subsequence of what is left between an equal beginning and an equal end. */
function middle(left, right, shift, out) {
  const [n, m] = [left.length, right.length];
  if (n * m > MOST_TOKENS * MOST_TOKENS) {
    for (let at = 0; at < n; at += 1) out.push(["-", shift + at, -1]);
    for (let at = 0; at < m; at += 1) out.push(["+", -1, shift + at]);
    return;
  }
  const width = m + 1;
  const table = new Uint16Array((n + 1) * width);
  for (let i = n - 1; i >= 0; i -= 1) {
    for (let j = m - 1; j >= 0; j -= 1) {
      table[i * width + j] =
        left[i] === right[j] ? table[(i + 1) * width + j + 1] + 1 : Math.max(table[(i + 1) * width + j], table[i * width + j + 1]);
    }
  }
  let [i, j] = [0, 0];
  while (i < n || j < m) {
    if (i < n && j < m && left[i] === right[j]) out.push(["=", shift + i++, shift + j++]);
    else if (j >= m || (i < n && table[(i + 1) * width + j] >= table[i * width + j + 1])) out.push(["-", shift + i++, -1]);
    else out.push(["+", -1, shift + j++]);
  }
}

/** Pairs of lines: `[left, right, changed]`, with `null` where one side has no such line. */
function pairedLines(left, right) {
  const out = [];
  let [gone, come] = [[], []];
  const flush = () => {
    for (let at = 0; at < Math.max(gone.length, come.length); at += 1) {
      out.push([gone[at] ?? null, come[at] ?? null, true]);
    }
    [gone, come] = [[], []];
  };
  for (const [sign, i, j] of edits(left, right)) {
    if (sign === "-") gone.push(left[i]);
    else if (sign === "+") come.push(right[j]);
    else {
      flush();
      out.push([left[i], right[j], false]);
    }
  }
  flush();
  return out;
}

/** Words, spaces and signs; a short text in quotes is one word, so that entries of a list are compared as a whole. */
const wordsOf = (line) => line.match(/"[^"\\\s]{0,60}"(?:,\s)?|[\p{L}\p{N}_]+|\s+|[^\p{L}\p{N}_\s]/gu) ?? [];

/** The two lines in pieces: `[text, marked]`. */
function wordPieces(left, right) {
  const [a, b] = [wordsOf(left), wordsOf(right)];
  const out = [[], []];
  const put = (side, text, marked) => {
    const last = out[side].at(-1);
    if (last && last[1] === marked) last[0] += text;
    else out[side].push([text, marked]);
  };
  for (const [sign, i, j] of edits(a, b)) {
    if (sign !== "+") put(0, a[i], sign === "-");
    if (sign !== "-") put(1, b[j], sign === "+");
  }
  return alike(out) ? out : [[[left, true]], [[right, true]]];
}

/** Whether enough is unmarked for the marks to say something. */
function alike(sides) {
  return sides.every((pieces) => {
    const letters = (wanted) => pieces.filter(([, marked]) => marked === wanted).map(([text]) => text).join("").replace(/[^\p{L}\p{N}]/gu, "").length;
    return letters(false) * 8 >= letters(true);
  });
}

/** The lines of both sides as elements, each with what differs marked. */
function sidesOf(deviation) {
  const { expected, actual, kind } = deviation;
  const isText = (value) => typeof value === "string" || value === null || value === undefined;
  const plainText = isText(expected) && isText(actual) && (typeof expected === "string" || typeof actual === "string");
  const [left, right] = [linesOf(expected, kind, plainText), linesOf(actual, kind, plainText)];
  if (left === null || right === null) return [sideAlone(left), sideAlone(right)];
  const sides = [[], []];
  for (const [one, other, changed] of pairedLines(left, right)) {
    const pieces = changed && one !== null && other !== null ? wordPieces(one, other) : null;
    sides[0].push(lineElement(one, changed, pieces?.[0], "-"));
    sides[1].push(lineElement(other, changed, pieces?.[1], "+"));
  }
  return sides.map((lines) => limited(lines));
}

function sideAlone(lines) {
  if (lines === null) return [h("span", { class: "line nothing" }, "nothing")];
  return limited(lines.map((line) => lineElement(line, true, null, "")));
}

function lineElement(text, changed, pieces, sign) {
  // A line that the other side alone has: an empty one keeps the two beside each other.
  if (text === null) return h("span", { class: "line gap", "aria-hidden": "true" }, "\u00a0");
  const body = pieces
    ? pieces.map(([piece, marked]) => (marked ? marking(piece) : piece))
    : changed && sign ? marking(text) : text;
  return h("span", { class: changed ? "line changed" : "line" }, body, "\n");
}

/** The text with a mark on it; what indents it has none. */
function marking(text) {
  const indent = /^ {2,}/.exec(text)?.[0] ?? "";
  return [indent, h("mark", null, text.slice(indent.length) || "\u00a0")];
}

function limited(lines) {
  let left = MOST_CHARACTERS;
  const shown = [];
  for (const line of lines) {
    left -= line.textContent.length;
    if (left < 0) {
      const text = line.textContent;
      if (shown.length === 0) shown.push(h("span", { class: "line" }, text.slice(0, MOST_CHARACTERS), "…\n"));
      shown.push(h("span", { class: "line nothing" }, "The rest is long; the JSON report holds it."));
      break;
    }
    shown.push(line);
  }
  return shown;
}
