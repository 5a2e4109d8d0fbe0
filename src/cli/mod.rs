//! Arguments to calls, nothing else: [`args`] is what was typed, `settings` turns it into the library's types,
//! and each family of commands has a file.

pub mod args;
pub mod exit;

mod audit;
mod compare;
mod doctor;
mod driving;
mod export;
mod fill;
mod github;
mod hints;
mod import;
mod info;
mod init;
mod known;
mod listening;
mod new;
mod output;
mod playing;
mod proxy;
mod record;
mod report;
mod reports;
mod repro;
mod review;
mod rules;
mod run;
mod selftest;
mod serve;
mod settings;
mod shell;
mod signals;
mod sweep;
mod watch;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command, KnownCommand};
use exit::{Exit, Failure};

/// Runs the program: reads the arguments of the process, does what they say, and gives the exit code.
pub fn main() -> ExitCode {
    // clap ends the process itself: 0 for --help and --version, 2 for wrong usage.
    let cli = Cli::try_parse().unwrap_or_else(|why| hints::with_command(why).exit());
    output::choose_colour(cli.colour);
    let exit = dispatch(cli.command).unwrap_or_else(|failure| {
        if !failure.message.is_empty() {
            output::error(&hints::with_hint(&failure.message));
        }
        failure.exit
    });
    match exit {
        Exit::Expected | Exit::Deviations if output::lost() => Exit::Usage.into(),
        exit => exit.into(),
    }
}

fn dispatch(command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Run(args) if args.fill => block_on(fill::fill(args)),
        Command::Init(args) => init::init(&args),
        Command::Doctor(args) => block_on(doctor::doctor(args)),
        Command::Run(args) if args.watch => block_on(watch::run(args)),
        Command::Run(args) => block_on(run::run(args)),
        Command::Compare(args) => block_on(compare::compare(args)),
        Command::Record(args) => block_on(record::record(args)),
        Command::Replay(args) => block_on(record::replay(args)),
        Command::Diff(args) => block_on(record::diff(args)),
        Command::Review(args) => review::review(&args),
        Command::Accept(args) => review::accept(&args),
        Command::Serve(args) => block_on(serve::serve(args)),
        Command::Proxy(args) => block_on(proxy::proxy(args)),
        Command::Selftest(args) => block_on(selftest::selftest(args)),
        Command::Repro(args) => block_on(repro::repro(args)),
        Command::Audit(args) => audit::audit(&args),
        Command::Import(args) => import::import(&args),
        Command::Export(args) => export::export(&args),
        Command::New(args) => new::new(&args),
        Command::List(args) => info::list(&args),
        Command::Lint(args) if args.watch => block_on(watch::lint(args)),
        Command::Lint(args) => info::lint(&args),
        Command::Coverage(args) => rules::coverage(&args),
        Command::Explain(args) => rules::explain(&args),
        Command::Report(command) => report::report(&command),
        Command::Schema(args) => info::schema(&args),
        Command::Targets => info::targets(),
        Command::Known(KnownCommand::Update(args)) => block_on(known::update(args)),
        Command::Sweep(args) => block_on(sweep::sweep(args)),
        Command::Completions(args) => shell::completions(&args),
        Command::Man(args) => shell::man(&args),
    }
}

/// Starts the runtime only for commands that need it.
fn block_on(work: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|why| Failure::target(format!("cannot start the runtime: {why}")))?;
    let result = runtime.block_on(work);
    // Whatever still runs (a request without an answer) is not waited for.
    runtime.shutdown_background();
    result
}
