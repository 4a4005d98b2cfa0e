//! `greenroom plan`: the verdict on a rollout before it runs.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use super::output::{Format, OutputArgs, complain, refuse, tell};
use crate::plan::baseline::Baseline;
use crate::plan::finding::Finding;
use crate::plan::threshold::{Threshold, usual};
use crate::plan::{self, Options, Plan, rollout};
use crate::report::plan::{self as shown, Judged};
use crate::report::{Exit, Paint};
use crate::scenario::documents::read_text;
use crate::scenario::{Scenario, load, load_cluster};
use crate::text::render::render;
use crate::text::{Diagnostic, Source};

/// The most files that a folder of manifests may have.
const FILES_MAX: usize = 10_000;

/// Judge a rollout before it runs: does it finish, what does it cost, what stands against it, what would mend that.
#[derive(Args)]
pub struct PlanArgs {
    /// A scenario; its rollout begins with its first action, or at its start.
    #[arg(required_unless_present = "to", conflicts_with_all = ["from", "to", "cluster"])]
    file: Option<PathBuf>,
    /// The manifests that are there: a file, or a folder of them. Without it, the rollout is the first deployment.
    #[arg(long, value_name = "OLD")]
    from: Option<PathBuf>,
    /// The manifests that are to be: a file, or a folder of them.
    #[arg(long, value_name = "NEW", requires = "cluster")]
    to: Option<PathBuf>,
    /// The cluster: a file with `cluster` and `behaviour` as a scenario has them, or what `kubectl get nodes -o yaml` prints.
    #[arg(long, value_name = "CLUSTER")]
    cluster: Option<PathBuf>,
    /// What makes the plan fail: deadlock, unfinished, error, warning, note, outage>30s, peak-gpus>64, extra-gpus>8,
    /// available<2, stall>10m, duration>1h, or a rule. Default: error.
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    fail_on: Vec<Threshold>,
    /// What to compare with: another scenario, or a plan that was written with --format json. What it finds too fails nothing.
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// The seed of all random draws, instead of the scenario's own.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// How many seeds to run where anything is drawn.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    seeds: u32,
    /// Do not look for what would mend a finding.
    #[arg(long)]
    no_mends: bool,
    #[command(flatten)]
    output: OutputArgs,
}

/// Judges the rollout.
pub fn plan(args: &PlanArgs) -> Exit {
    if let Err(refusal) = args.output.check_for(&[Format::Human, Format::Json, Format::Sarif, Format::Github]) {
        return refuse(&refusal);
    }
    let judged = match judge(args) {
        Ok(judged) => judged,
        Err(Trouble::Invalid(problems)) => {
            tell(render(&problems, super::output::stderr_is_coloured()).trim_end());
            return Exit::Invalid;
        }
        Err(Trouble::Baseline(error)) => return complain(&error),
    };
    args.output.write_each(judged.exit(), &|format, out: &mut dyn Write, paint: Paint| match format {
        Format::Json => shown::write_json(out, &judged),
        Format::Sarif => shown::write_sarif(out, &judged),
        Format::Github => shown::write_github(out, &judged),
        _ => shown::write_text(out, &judged, paint),
    })
}

/// Why there is no plan.
enum Trouble {
    Invalid(Vec<Diagnostic>),
    Baseline(String),
}

impl From<Vec<Diagnostic>> for Trouble {
    fn from(problems: Vec<Diagnostic>) -> Trouble {
        Trouble::Invalid(problems)
    }
}

fn judge(args: &PlanArgs) -> Result<Judged, Trouble> {
    let options = Options { seed: args.seed, seeds: args.seeds, mends: !args.no_mends };
    let plan = made(args, options)?;
    let baseline = args.baseline.as_deref().map(|path| baseline(path, options)).transpose()?;
    let usual = usual();
    let thresholds = if args.fail_on.is_empty() { &usual } else { &args.fail_on };
    Ok(Judged::new(plan, thresholds, baseline))
}

fn made(args: &PlanArgs, options: Options) -> Result<Plan, Trouble> {
    let (Some(to), Some(cluster)) = (&args.to, &args.cluster) else {
        let file = args.file.as_deref().unwrap_or(Path::new(""));
        return Ok(plan::judge(&load(file)?, options)?);
    };
    let stage = load_cluster(cluster)?;
    let old = args.from.as_deref().map(manifests).transpose()?.unwrap_or_default();
    let new = manifests(to)?;
    let seed = options.seed.unwrap_or(stage.seed);
    let (scenario, finding): (Scenario, Option<Finding>) = match old.is_empty() {
        true => (rollout::first(stage, &new), None),
        false => rollout::between(stage, &old, &new, seed)?,
    };
    let mut plan = plan::judge(&scenario, options)?;
    plan.findings.splice(0..0, finding);
    Ok(plan)
}

/// The manifests of a file, or of a folder in the order of their names.
fn manifests(path: &Path) -> Result<Vec<Source>, Vec<Diagnostic>> {
    let about = |path: &Path, error: &str| vec![Diagnostic::about(&Source::new(path.to_string_lossy(), ""), error)];
    let is_manifest = |path: &PathBuf| {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or("");
        matches!(ending, "yaml" | "yml" | "json")
    };
    let files: Vec<PathBuf> = if path.is_dir() {
        let walk = walkdir::WalkDir::new(path).sort_by_file_name().into_iter().filter_map(Result::ok);
        let files = walk.filter(|entry| entry.file_type().is_file()).map(walkdir::DirEntry::into_path);
        files.filter(is_manifest).take(FILES_MAX + 1).collect()
    } else {
        vec![path.to_owned()]
    };
    if files.is_empty() {
        return Err(about(path, "this folder has no manifests: no file that ends in .yaml, .yml or .json"));
    }
    if files.len() > FILES_MAX {
        return Err(about(path, &format!("this folder has more than {FILES_MAX} manifests")));
    }
    let read = |file: PathBuf| match read_text(&file) {
        Ok(text) => Ok(Source::new(file.to_string_lossy(), text)),
        Err(error) => Err(about(&file, &error)),
    };
    files.into_iter().map(read).collect()
}

/// What a plan is compared with: one that was kept as JSON, or one that is made of another scenario.
fn baseline(path: &Path, options: Options) -> Result<Baseline, Trouble> {
    let text = fs::read_to_string(path)
        .map_err(|error| Trouble::Baseline(format!("cannot read {}: {error}", path.display())))?;
    if text.trim_start().starts_with('{') && path.extension().is_some_and(|ending| ending == "json") {
        let read = shown::read_baseline(&text);
        return read.map_err(|error| Trouble::Baseline(format!("{} cannot be compared with: {error}", path.display())));
    }
    let plan = plan::judge(&load(path)?, Options { mends: false, ..options })?;
    Ok(Baseline::of(&plan))
}
