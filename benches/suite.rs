//! Measures the whole suite, and reports; it never asserts a time.
//!
//!     cargo bench
//!
//! Printed are: requests a second of the whole suite on the embedded reference, in one process, with probes and
//! judging; the processor time of the client side for one request, with the server in a process of its own; start-up
//! of `--version` and `list`; and the peak memory of a run. Processor time and memory come from /proc, so those lines
//! are left out on systems without it.

#![expect(clippy::print_stdout, reason = "a benchmark reports")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use smcheck::run::stop;
use smcheck::scenario::Scenario;
use smcheck::suite::{Catalogue, Opened, Refuse, RunOptions, run};
use smcheck::target::{Config, resolve};

/// How often the suite runs for one figure.
const ROUNDS: usize = 20;

fn main() {
    // `cargo test --benches` runs this too, and must not measure.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let scenarios = Catalogue::BuiltIn.load(&[]).expect("the built-in catalogue is right");
    let runtime = tokio::runtime::Runtime::new().expect("the system lets us start threads");
    println!("machine: {}", machine());
    println!("scenarios: {}", scenarios.len());
    runtime.block_on(async {
        let figures = measure(&scenarios, "embedded").await;
        println!("embedded, one process for client and server, probes and judging included:");
        figures.print();
        let (mut server, endpoint) = serve();
        let figures = measure(&scenarios, &endpoint).await;
        println!("client side alone, server in a process of its own:");
        figures.print();
        if let Some(cpu) = figures.cpu {
            let each = cpu.as_secs_f64() * 1000.0 / figures.total() as f64;
            println!("  processor time a request: {each:.3} ms, judging included");
        }
        let _ = server.kill();
        let _ = server.wait();
    });
    startup(&["--version"]);
    startup(&["list"]);
    peak_memory();
}

/// What a number of rounds took.
struct Figures {
    requests: usize,
    probes: usize,
    wall: Duration,
    cpu: Option<Duration>,
}

impl Figures {
    fn total(&self) -> usize {
        self.requests + self.probes
    }

    fn print(&self) {
        let seconds = self.wall.as_secs_f64();
        println!(
            "  {:.0} requests a second ({} of steps and {} of probes in {seconds:.2} s, {:.3} s a round)",
            self.total() as f64 / seconds,
            self.requests,
            self.probes,
            seconds / ROUNDS as f64
        );
    }
}

async fn measure(scenarios: &[Arc<Scenario>], name: &str) -> Figures {
    let config = Config::load(Path::new(".")).expect("the repository's configuration is right");
    let target = resolve(name, &config).await.expect("the target is known");
    let opened = Arc::new(Opened::open(target, &Refuse, Path::new(".")).await.expect("it opens"));
    let (_stopper, stop) = stop::pair();
    let options = RunOptions { jobs: Some(16), ..RunOptions::default() };
    let (mut requests, mut probes) = (0, 0);
    let (begun, cpu) = (Instant::now(), cpu_time());
    for _ in 0..ROUNDS {
        let ended = run(scenarios, &opened, &options, &stop, |done| {
            requests += done.verdict.requests;
            probes += done.verdict.probes;
            true
        });
        ended.await.expect("the target answers");
    }
    let wall = begun.elapsed();
    let cpu = cpu_time().zip(cpu).map(|(after, before)| after - before);
    Figures { requests, probes, wall, cpu }
}

/// Starts the reference in a process of its own.
fn serve() -> (std::process::Child, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_smcheck"))
        .args(["serve", "--model", "--port", "0"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program was built");
    let mut line = String::new();
    let out = child.stdout.take().expect("it was piped");
    BufReader::new(out).read_line(&mut line).expect("it says where it listens");
    let endpoint = line.trim().rsplit(' ').next().unwrap_or_default().to_owned();
    (child, endpoint)
}

fn startup(arguments: &[&str]) {
    let mut times: Vec<Duration> = (0..30)
        .map(|_| {
            let begun = Instant::now();
            let run =
                Command::new(env!("CARGO_BIN_EXE_smcheck")).args(arguments).stdout(Stdio::null()).status();
            assert!(run.is_ok_and(|status| status.success()), "it runs");
            begun.elapsed()
        })
        .collect();
    times.sort();
    println!(
        "start-up of `smcheck {}`: {:.1} ms (median of 30)",
        arguments.join(" "),
        times[15].as_secs_f64() * 1000.0
    );
}

/// The greatest resident size of `smcheck run`, from the system's own account of a finished child.
fn peak_memory() {
    let script = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, \
                  stderr=subprocess.DEVNULL); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)";
    let python = Command::new("python3").args(["-c", script, env!("CARGO_BIN_EXE_smcheck"), "run"]).output();
    match python.ok().and_then(|out| String::from_utf8_lossy(&out.stdout).trim().parse::<f64>().ok()) {
        Some(kilobytes) => println!("peak memory of `smcheck run`: {:.1} MB", kilobytes / 1024.0),
        None => println!("peak memory of `smcheck run`: not measured, there is no python3"),
    }
}

/// Processor time of this process so far, user and system.
fn cpu_time() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    let ticks: u64 = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    // A tick is a hundredth of a second on every Linux that Rust runs on.
    Some(Duration::from_millis(ticks * 10))
}

fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        info.lines().find(|line| line.starts_with("model name")).and_then(|line| line.split_once(": "));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{} ({cores} cores)", model.map_or("unknown processor", |(_, name)| name))
}
