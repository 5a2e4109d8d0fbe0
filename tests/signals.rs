//! The first signal lets a run clean up, its echo changes nothing, and a later one ends the program at once.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

#[test]
fn a_signal_that_comes_twice_counts_once_and_a_later_one_ends_at_once() {
    // It takes requests and never answers, so that the run is in the middle of one.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let endpoint = format!("http://{}", silent.local_addr().expect("it is bound"));
    let mut run = Command::new(env!("CARGO_BIN_EXE_smcheck"))
        .args(["run", "labels/", "-t", &endpoint, "--jobs", "1"])
        .env("NO_COLOR", "1")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program was built");
    let connection = silent.accept().expect("the run connects");
    let pid = Pid::from_child(&run);
    kill_process(pid, Signal::INT).expect("it runs");
    let mut said = BufReader::new(run.stderr.take().expect("it is piped")).lines();
    let stopping = said.find(|line| line.as_ref().is_ok_and(|line| line.starts_with("stopping: ")));
    assert!(stopping.is_some(), "it says that it stops");
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = run.try_wait().expect("it is ours") {
            break status;
        }
        let _ = kill_process(pid, Signal::INT);
        std::thread::sleep(Duration::from_millis(10));
    };
    assert_eq!(status.code(), Some(130));
    let lasted = begun.elapsed();
    assert!(lasted > Duration::from_millis(200), "an echo ended it after {lasted:?}");
    assert!(lasted < Duration::from_secs(8), "nothing but the limit ended it, after {lasted:?}");
    drop(connection);
}
