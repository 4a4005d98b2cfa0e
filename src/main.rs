//! The command `greenroom`: everything that it does is in the library.

fn main() -> std::process::ExitCode {
    greenroom::cli::main()
}
