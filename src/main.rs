//! The `smcheck` program: arguments to the library, and its exit code.

fn main() -> std::process::ExitCode {
    smcheck::cli::main()
}
