//! Scenarios as tests: each is a libtest-mimic trial with the usual options, filters and output of `cargo test`.
//!
//! The test of a crate that has a server of its own is a file with `harness = false`:
//!
//! ```no_run
//! # fn start_my_server() -> String { String::new() }
//! fn main() -> std::process::ExitCode {
//!     smcheck::Harness::new(start_my_server).main()
//! }
//! ```
//!
//! `start_my_server` starts the server and returns its endpoint, for example `http://127.0.0.1:4566`. It is called
//! once, before the first scenario runs, and not at all for `--list`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use tokio::runtime::Runtime;

use crate::judge::{JudgeOptions, KnownList, RunVerdict, Status, Verdict, assemble, fails_run, judge};
use crate::report::Failing;
use crate::report::terminal::{Options, render};
use crate::run::{Names, stop};
use crate::scenario::Scenario;
use crate::suite::{Catalogue, LoadError, Opened, Refuse, RunOptions, execute_one, today};
use crate::target::resolve::EMBEDDED;
use crate::target::{Config, Isolation, resolve};

/// Starts a server and says where it is.
type Start = Box<dyn Fn() -> String + Send + Sync>;

/// What cargo's tests exit with when one fails.
const FAILED: i32 = 101;

/// Runs the catalogue as tests against one server.
pub struct Harness {
    target: Start,
    catalogue: Catalogue,
    known: Option<PathBuf>,
    strict: bool,
    fail_fast: bool,
    wait_at_most: Option<Duration>,
}

impl std::fmt::Debug for Harness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Harness").field("catalogue", &self.catalogue).finish_non_exhaustive()
    }
}

impl Harness {
    /// Tests against the server that `start` starts. It returns the endpoint, or the name of a target.
    pub fn new(start: impl Fn() -> String + Send + Sync + 'static) -> Self {
        Harness {
            target: Box::new(start),
            catalogue: Catalogue::BuiltIn,
            known: None,
            strict: false,
            fail_fast: false,
            wait_at_most: None,
        }
    }

    /// Tests against the reference model behind a socket of our own.
    pub fn embedded() -> Self {
        Self::new(|| EMBEDDED.to_owned())
    }

    /// Takes the scenarios of a folder instead of those inside the library.
    #[must_use]
    pub fn scenarios(mut self, folder: impl Into<PathBuf>) -> Self {
        self.catalogue = Catalogue::Folder(folder.into());
        self
    }

    /// Deviations that this file names do not fail a test.
    #[must_use]
    pub fn known(mut self, file: impl Into<PathBuf>) -> Self {
        self.known = Some(file.into());
        self
    }

    /// Lets messages, the wire and inferred expectations fail a test too.
    #[must_use]
    pub fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    /// Ends the process at the first test that fails, and runs the tests in an order that mixes all folders, so that it
    /// is soon found: for asking a server again and again whether it is right, as mutation testing does.
    #[must_use]
    pub fn fail_fast(mut self) -> Self {
        self.fail_fast = true;
        self
    }

    /// How long `eventually` waits at most, whatever scenarios say: for a server whose changes show at once.
    #[must_use]
    pub fn wait_at_most(mut self, time: Duration) -> Self {
        self.wait_at_most = Some(time);
        self
    }

    /// Runs the tests with the arguments of the process.
    pub fn main(self) -> ExitCode {
        self.run(&Arguments::from_args())
    }

    /// Runs the tests with these arguments.
    pub fn run(self, arguments: &Arguments) -> ExitCode {
        let (mut scenarios, known) = match self.load() {
            Ok(loaded) => loaded,
            Err(message) => return broken(arguments, message),
        };
        let fail_fast = self.fail_fast;
        let bench = match Bench::new(self.target, known, self.strict, self.wait_at_most) {
            Ok(bench) => Arc::new(bench),
            Err(message) => return broken(arguments, message),
        };
        if fail_fast {
            // The hash of a file has nothing to do with what it is about.
            scenarios.sort_by(|left, right| (&left.hash, &left.id).cmp(&(&right.hash, &right.id)));
        }
        let trials = scenarios
            .into_iter()
            .map(|scenario| {
                let bench = Arc::clone(&bench);
                Trial::ignorable_test(scenario.id.clone(), move || {
                    let result = bench.test(&scenario);
                    match &result {
                        Err(failed) if fail_fast => {
                            say(&format!(
                                "{} failed\n\n{}",
                                scenario.id,
                                failed.message().unwrap_or_default()
                            ));
                            std::process::exit(FAILED);
                        }
                        _ => result,
                    }
                })
            })
            .collect();
        let conclusion = libtest_mimic::run(arguments, trials);
        let contract = bench.close();
        let ran = conclusion.num_passed + conclusion.num_failed;
        if ran == 0 && conclusion.num_ignored > 0 {
            say("nothing ran: the target lacks what every one of these scenarios needs");
            return ExitCode::FAILURE;
        }
        if contract.is_empty() || conclusion.has_failed() {
            return conclusion.exit_code();
        }
        say(&format!("every scenario passed, but the server breaks the contract:\n\n{contract}"));
        ExitCode::FAILURE
    }

    fn load(&self) -> Result<(Vec<Arc<Scenario>>, Option<KnownList>), String> {
        let scenarios = self.catalogue.load(&[]).map_err(|why| match why {
            LoadError::Findings(findings) => {
                findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
            }
            other => other.to_string(),
        })?;
        let known = self.known.as_deref().map(KnownList::read).transpose().map_err(|why| why.to_string())?;
        Ok((scenarios, known))
    }
}

/// One failing test that says what is wrong, so that the problem stands where the results are looked for.
fn broken(arguments: &Arguments, message: String) -> ExitCode {
    let trial = Trial::test("smcheck can run", move || Err(Failed::from(message)));
    let mut all = arguments.clone();
    (all.filter, all.skip) = (None, Vec::new());
    libtest_mimic::run(&all, vec![trial]).exit_code()
}

/// What the tests share: a runtime, and the target once it is open.
struct Bench {
    runtime: Runtime,
    start: Start,
    opened: Mutex<Option<Result<Arc<Opened>, String>>>,
    /// Held by a test that needs the target alone, and shared by the others.
    alone: tokio::sync::RwLock<()>,
    names: Names,
    known: Option<KnownList>,
    options: RunOptions,
    /// All verdicts, for what the contract finds: it is the server's, and said once.
    verdicts: Mutex<Vec<Verdict>>,
}

impl Bench {
    fn new(
        start: Start,
        known: Option<KnownList>,
        strict: bool,
        wait_at_most: Option<Duration>,
    ) -> Result<Self, String> {
        let runtime = Runtime::new().map_err(|why| format!("cannot start the runtime: {why}"))?;
        let mut options = RunOptions::default();
        options.judge.strict = strict;
        options.wait_at_most = wait_at_most;
        Ok(Bench {
            runtime,
            start,
            opened: Mutex::new(None),
            alone: tokio::sync::RwLock::new(()),
            names: Names::fresh(),
            known,
            options,
            verdicts: Mutex::new(Vec::new()),
        })
    }

    /// The target, opened by the first test that asks; the others wait for it.
    fn opened(&self) -> Result<Arc<Opened>, Failed> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let open = || {
            let name = (self.start)();
            self.runtime.block_on(async {
                let here = Path::new(".");
                let config = Config::load(here).map_err(|why| why.to_string())?;
                let target = resolve(&name, &config).await.map_err(|why| why.to_string())?;
                Opened::open(target, &Refuse, here).await.map(Arc::new).map_err(|why| why.to_string())
            })
        };
        opened.get_or_insert_with(open).clone().map_err(Failed::from)
    }

    fn test(&self, scenario: &Arc<Scenario>) -> Result<Completion, Failed> {
        let opened = self.opened()?;
        let verdict = self.runtime.block_on(async {
            let by_reset = matches!(opened.target.isolation, Isolation::Reset { .. });
            let (_shared, _alone);
            if scenario.isolated && by_reset {
                _alone = self.alone.write().await;
                opened.reset().await.map_err(Failed::from)?;
            } else {
                _shared = self.alone.read().await;
            }
            let (_stopper, stop) = stop::pair();
            let executed = execute_one(scenario, &opened, &self.options, &self.names, &stop).await?;
            let options = JudgeOptions { list_may_lag: opened.target.eventual, ..self.options.judge };
            Ok::<_, Failed>(judge(scenario, &executed.trace, &options))
        })?;
        self.verdicts.lock().unwrap_or_else(PoisonError::into_inner).push(verdict.clone());
        let mut run =
            assemble(opened.info.clone(), vec![verdict], self.known.as_ref(), &today(), &self.options.judge);
        run.contract.clear();
        match run.verdicts.first() {
            Some(verdict) if verdict.status == Status::Skipped => {
                Ok(Completion::ignored_with(verdict.reason.as_deref().unwrap_or_default()))
            }
            Some(verdict) if fails_run(verdict.status, &self.options.judge) => {
                Err(Failed::from(self.tell(&run)))
            }
            _ => Ok(Completion::Completed),
        }
    }

    fn tell(&self, run: &RunVerdict) -> String {
        let scenario = |verdict: &Verdict| fails_run(verdict.status, &self.options.judge);
        let failing = Failing { scenario: &scenario, ..Failing::USUAL };
        render(run, &Options { width: 100, colour: false, elapsed: Duration::ZERO, failing })
    }

    /// Stops what was started for the tests, and gives what the contract found, as text.
    fn close(&self) -> String {
        let opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Ok(opened)) = opened else { return String::new() };
        let verdicts = std::mem::take(&mut *self.verdicts.lock().unwrap_or_else(PoisonError::into_inner));
        let mut run =
            assemble(opened.info.clone(), verdicts, self.known.as_ref(), &today(), &self.options.judge);
        if let Some(opened) = Arc::into_inner(opened) {
            self.runtime.block_on(opened.close());
        }
        if run.contract.is_empty() {
            return String::new();
        }
        run.verdicts.clear();
        self.tell(&run)
    }
}

/// Says something beside the results of the tests.
#[expect(clippy::print_stderr, reason = "the harness is a program's main function")]
fn say(text: &str) {
    eprintln!("{text}");
}
