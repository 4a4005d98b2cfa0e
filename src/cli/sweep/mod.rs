//! `greenroom sweep`: one scenario over parameters and seeds. What is run and what comes of it is `fleet`'s; here are its
//! threads and what it writes. Its options, its progress and its files stand beside.

mod disk;
mod drive;
mod keep;
mod manifest;
mod merge;
mod options;
mod pace;
#[cfg(feature = "object-store")]
mod store;

use std::io::Write;

use clap::{Args, Subcommand};

use self::options::{RunArgs, SAMPLES_DEFAULT, SAMPLES_FIND};
use super::output::{Format, OutputArgs, complain, refuse, stderr_is_coloured, tell};
use crate::fleet::sweep::find::Find;
use crate::fleet::sweep::precision::{FIRST_LOOK, Precision};
use crate::fleet::sweep::shard::Manifest;
use crate::fleet::sweep::{Base, batch};
use crate::report::sweep::{Swept, write_csv, write_json, write_parquet, write_svg, write_text};
use crate::report::{Exit, Paint};
use crate::text::Diagnostic;
use crate::text::render::render;

/// Run a scenario over parameters and seeds, with confidence intervals.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct SweepArgs {
    #[command(subcommand)]
    verb: Option<SweepVerb>,
    #[command(flatten)]
    sweep: RunArgs,
}

#[derive(Subcommand)]
enum SweepVerb {
    Merge(merge::MergeArgs),
    Manifest(Box<manifest::ManifestArgs>),
}

/// Why a sweep does not come to its end.
enum Trouble {
    /// What was asked for is not valid.
    Invalid(Vec<Diagnostic>),
    /// The same, in a sentence.
    Refused(String),
    /// A disk or a storage.
    Environment(String),
}

impl From<Vec<Diagnostic>> for Trouble {
    fn from(problems: Vec<Diagnostic>) -> Trouble {
        Trouble::Invalid(problems)
    }
}

impl From<Diagnostic> for Trouble {
    fn from(problem: Diagnostic) -> Trouble {
        Trouble::Invalid(vec![problem])
    }
}

impl Trouble {
    fn told(self) -> Exit {
        match self {
            Trouble::Invalid(problems) => {
                tell(render(&problems, stderr_is_coloured()).trim_end());
                Exit::Invalid
            }
            Trouble::Refused(why) => refuse(&why),
            Trouble::Environment(why) => complain(&why),
        }
    }
}

/// Sweeps.
pub fn sweep(args: &SweepArgs) -> Exit {
    match &args.verb {
        Some(SweepVerb::Merge(args)) => merge::merge(args),
        Some(SweepVerb::Manifest(args)) => manifest::manifest(args),
        None => run(&args.sweep),
    }
}

fn run(args: &RunArgs) -> Exit {
    if let Err(refusal) = args.output.check_for(&FORMATS) {
        return refuse(&refusal);
    }
    let jobs = args.jobs.map_or(0, usize::from);
    let pool = match rayon::ThreadPoolBuilder::new().num_threads(jobs).build() {
        Ok(pool) => pool,
        Err(error) => return complain(&format!("cannot start {jobs} threads: {error}")),
    };
    match pool.install(|| swept(args)) {
        Ok(Some(swept)) => write(&args.output, &swept),
        // A shard: what all of them together say is told once they are merged.
        Ok(None) => Exit::Passed,
        Err(trouble) => trouble.told(),
    }
}

/// The forms of a sweep.
const FORMATS: [Format; 5] = [Format::Human, Format::Json, Format::Csv, Format::Parquet, Format::Svg];

fn write(output: &OutputArgs, swept: &Swept) -> Exit {
    output.write_each(swept.exit(), &|format, out: &mut dyn Write, paint: Paint| match format {
        Format::Json => write_json(out, swept),
        Format::Csv => write_csv(out, swept),
        Format::Parquet => write_parquet(out, swept),
        Format::Svg => write_svg(out, swept),
        _ => write_text(out, swept, paint),
    })
}

/// What the scenario expects, as it is told.
fn expectations(base: &Base) -> Vec<String> {
    let texts = base.scenario().expect.iter().map(|expect| expect.place.to_string());
    texts.collect()
}

fn swept(args: &RunArgs) -> Result<Option<Swept>, Trouble> {
    let measures = args.shown.measures()?;
    let precision = args.precision.iter().map(|text| Precision::parse(text)).collect::<Result<Vec<_>, _>>()?;
    let find = args.find.as_deref().map(Find::parse).transpose()?;
    // What is to be precise may take many samples; a hundred would be one look.
    let default = match (&find, precision.is_empty()) {
        (Some(_), _) => SAMPLES_FIND,
        (None, true) => SAMPLES_DEFAULT,
        (None, false) => FIRST_LOOK << 10,
    };
    let (base, space) = args.space.read(args.space.samples.unwrap_or(default))?;
    if let Some(find) = &find {
        drive::check_find(find, &space)?;
    }
    let plans = batch::prepare(&base, &space)?;
    let file = args.space.file().to_string_lossy();
    let (shard, of) = args.shard.unwrap_or((0, 1));
    let manifest = Manifest::new(&space, &base.scenario().name, &file, base.hash(), shard, of);
    let mut swept = Swept {
        manifest,
        space,
        rows: Vec::new(),
        expectations: expectations(&base),
        confidence: args.shown.confidence,
        measures,
        stopped: None,
        search: None,
    };
    if let Some(find) = find {
        drive::found(&mut swept, &plans, find);
    } else if let Some(out) = &args.out {
        swept.rows = keep::keep(out, &swept.manifest, &swept.space, &plans)?;
    } else if precision.is_empty() {
        drive::all(&mut swept, &plans);
    } else {
        drive::precise(&mut swept, &plans, precision);
    }
    Ok(args.shard.is_none().then_some(swept))
}
