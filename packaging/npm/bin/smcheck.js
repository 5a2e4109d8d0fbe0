#!/usr/bin/env node
// Starts the program that came with this package, and ends as it ends.
"use strict";

const { spawn } = require("node:child_process");
const { existsSync, readFileSync } = require("node:fs");
const { constants } = require("node:os");
const { join } = require("node:path");

const program = join(__dirname, "..", "native", `smcheck-${process.platform}-${process.arch}`);
if (!existsSync(program)) {
  console.error(
    `error: this package has no program for ${process.platform} on ${process.arch}; with Rust installed it can be built ` +
      "from source: cargo install smcheck",
  );
  process.exit(127);
}

// What a terminal sends, it sends to the program too, and the program takes a second signal for "at once". So Ctrl-C and a
// terminal that closes are not handed on while we are in the terminal's foreground.
const inForeground = () => {
  try {
    const stat = readFileSync("/proc/self/stat", "utf8");
    // After the name, which may hold anything: state, parent, group, session, terminal, foreground group.
    const [, , group, , terminal, foreground] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return terminal !== "0" && group === foreground;
  } catch {
    return false;
  }
};
// Before the program is there: it may be ready, and somebody send a signal to both, while we are still here. What comes is
// looked at when this script has come to its end, and then there is a child.
process.on("SIGTERM", () => child.kill("SIGTERM"));
for (const signal of ["SIGINT", "SIGHUP"]) {
  process.on(signal, () => {
    if (!inForeground()) child.kill(signal);
  });
}

const child = spawn(program, process.argv.slice(2), { stdio: "inherit" });

child.on("error", (why) => {
  console.error(`error: cannot start ${program}: ${why.message}`);
  process.exit(126);
});
child.on("exit", (code, signal) => {
  if (signal === null) process.exit(code);
  // It was killed: so are we, in the same way, for whoever asks. A signal that would not end us becomes an exit code.
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
  setTimeout(() => process.exit(128 + constants.signals[signal]), 100);
});
