//! Every scenario on the embedded reference, as a test of its own.
//!
//! With `SMCHECK_FAIL_FAST` set it ends at the first that fails: mutation testing asks hundreds of times, and only whether
//! any fails.

fn main() -> std::process::ExitCode {
    // What does not show at once on the reference never will.
    let harness = smcheck::Harness::embedded()
        .scenarios("scenarios")
        .strict()
        .wait_at_most(std::time::Duration::from_secs(1));
    match std::env::var_os("SMCHECK_FAIL_FAST") {
        Some(_) => harness.fail_fast().main(),
        None => harness.main(),
    }
}
