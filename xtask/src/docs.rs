//! `cargo xtask docs`: outputs and tables that the documents show. How they are found and compared is in tests/readme.rs,
//! because `cargo test` compares them too; this verb lets the same test write them.

use crate::shell;

/// Writes the shown outputs anew; with `--check` compares them only, and looks at the schema as well.
pub fn run(args: &[String]) -> Result<(), String> {
    let check = shell::check_only(args)?;
    let mut test = shell::cargo(&["test", "--test", "readme"]);
    if !check {
        test.env("GREENROOM_DOCS", "write");
    }
    shell::run(&mut test)?;
    crate::schema::run(args)?;
    shell::run(shell::cargo(&["doc", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))
}
