//! `cargo xtask fgd`: replays the published experiments of FGD, every trace, policy and seed that there is, and prints how far they are
//! met. Their data is not part of this repository: `GREENROOM_SHARED` names the folder that holds it.

use crate::shell;

/// Replays and compares.
pub fn run(args: &[String]) -> Result<(), String> {
    if let Some(unknown) = args.first() {
        return Err(format!("no argument `{unknown}`; there is none"));
    }
    if std::env::var_os("GREENROOM_SHARED").is_none() {
        return Err("GREENROOM_SHARED is not set: it names the folder with golden/fgd and corpus/openb".to_owned());
    }
    let bin = ["run", "--release", "--package", "greenroom-benches", "--bin", "fgd"];
    shell::run(&mut shell::cargo(&bin))?;
    println!("\n| what | processor time | | most memory |\n|---|---|---|---|");
    // As published; ten times as much; a million pods on a hundred thousand nodes.
    for scale in [["1", "1300"], ["10", "1300"], ["83", "1450"]] {
        shell::run(shell::cargo(&bin).args(["--", "--scale"]).args(scale))?;
    }
    Ok(())
}
