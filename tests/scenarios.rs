//! Every scenario on the embedded reference, as a test of its own.

fn main() -> std::process::ExitCode {
    smcheck::Harness::embedded().scenarios("scenarios").strict().main()
}
