//! The program `greenroom-stand-in`: the verb `greenroom stand-in` and nothing else, so that the image of the stand-in is small.

fn main() -> std::process::ExitCode {
    greenroom::cli::stand_in_alone()
}
