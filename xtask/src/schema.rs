//! `cargo xtask schema`: the JSON Schema of scenario files, for editors. It is made from the types by greenroom itself.

use crate::shell;

const PATH: &str = "schema/scenario.schema.json";

/// Writes the schema; with `--check` compares it only.
pub fn run(args: &[String]) -> Result<(), String> {
    let check = shell::check_only(args)?;
    let made = shell::output(&mut shell::cargo(&["run", "--quiet", "--", "schema"]))?;
    let path = shell::root().join(PATH);
    if std::fs::read(&path).is_ok_and(|found| found == made) {
        println!("{PATH} is current");
        return Ok(());
    }
    if check {
        return Err(format!("{PATH} is not current: run `cargo xtask schema`"));
    }
    std::fs::create_dir_all(path.with_file_name("")).map_err(|error| format!("failed to make schema/: {error}"))?;
    std::fs::write(&path, made).map_err(|error| format!("failed to write {PATH}: {error}"))?;
    println!("{PATH} is written");
    Ok(())
}
