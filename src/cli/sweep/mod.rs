//! `greenroom sweep`: one scenario over parameters and seeds. What is run and what comes of it is `fleet`'s; here are its options, its
//! threads and its progress. Its files stand beside.

mod disk;
mod drive;
mod keep;
mod manifest;
mod merge;
mod pace;
#[cfg(feature = "object-store")]
mod store;

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::output::{Format, OutputArgs, complain, refuse, stderr_is_coloured, tell};
use crate::fleet::statistics::Confidence;
use crate::fleet::sweep::cursor::Cursor;
use crate::fleet::sweep::find::Find;
use crate::fleet::sweep::measure::Measure;
use crate::fleet::sweep::precision::{FIRST_LOOK, Precision};
use crate::fleet::sweep::shard::Manifest;
use crate::fleet::sweep::{Base, Space, Vary, batch};
use crate::report::sweep::{Swept, write_csv, write_json, write_parquet, write_svg, write_text};
use crate::report::{Exit, Paint};
use crate::text::Diagnostic;
use crate::text::render::render;

/// Samples where none are asked for.
const SAMPLES_DEFAULT: u64 = 100;
/// The same of a search: enough that a 99th percentile has bounds, however many statements share what may be wrong.
const SAMPLES_FIND: u64 = 1_000;
/// The figures that are shown where none are asked for.
const SHOWN_DEFAULT: [&str; 5] =
    ["rate(passed)", "p50(time_to_ready)", "p99(time_to_ready)", "p99(outage)", "mean(gpu_hours)"];

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

/// Which runs a sweep has.
#[derive(Args, Clone)]
pub struct SpaceArgs {
    /// The scenario file.
    // Required, and yet none where a verb stands in its place.
    #[arg(required = true)]
    file: Option<PathBuf>,
    /// A value of the scenario or of a document and what it is to be: cluster.nodes[a10].count=2..16, =1,2,4, =30s..5m:30s;
    /// documents[web.yaml].spec.replicas=2..8:2. May be given several times; every combination is a plan.
    #[arg(long, value_name = "PATH=VALUES")]
    vary: Vec<String>,
    /// How many seeds each plan is run with; sample k has the same seed in every plan. Default: 100;
    /// 1000 for --find, 102400 at the most for --precision.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    samples: Option<u64>,
    /// The seed of the first sample, instead of the scenario's own.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

impl SpaceArgs {
    fn file(&self) -> &Path {
        self.file.as_deref().unwrap_or(Path::new(""))
    }
}

/// How the figures are shown.
#[derive(Args, Clone)]
pub struct ShownArgs {
    /// The figures to show: p99(time_to_ready), mean(gpu_hours), rate(passed), …
    #[arg(long, value_name = "FIGURES", value_delimiter = ',')]
    show: Vec<String>,
    /// How sure each interval is: 95%, 0.99.
    #[arg(long, value_name = "SHARE", default_value = "95%", value_parser = confidence)]
    confidence: Confidence,
}

#[derive(Args)]
struct RunArgs {
    #[command(flatten)]
    space: SpaceArgs,
    #[command(flatten)]
    shown: ShownArgs,
    /// End once the interval of a figure is no wider than this on each side, in every plan: 'p99(time_to_ready)=10s'. May be given
    /// several times. It is looked at after 100, 200, 400, … samples, --samples at the most.
    #[arg(long, value_name = "FIGURE=WIDTH", conflicts_with_all = ["shard", "out", "find"])]
    precision: Vec<String>,
    /// Search the values of --vary: 'min cluster.nodes[a10].count such that p99(time_to_ready) < 20m'.
    #[arg(long, value_name = "WHAT", conflicts_with_all = ["shard", "out"])]
    find: Option<String>,
    /// Make the i-th of n parts alone, counted from 0. It shows nothing: `sweep merge` shows what all parts together say.
    #[arg(long, value_name = "I/N", value_parser = shard, requires = "out",
        conflicts_with_all = ["targets", "show", "confidence"])]
    shard: Option<(u64, u64)>,
    /// Keep the runs in this file, and go on with it where it is there already. With the feature `object-store` also an address:
    /// s3://bucket/runs.ndjson.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// How many runs go on at a time. Default: one a processor.
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    #[command(flatten)]
    output: OutputArgs,
}

fn confidence(text: &str) -> Result<Confidence, String> {
    let share = match text.strip_suffix('%') {
        Some(percent) => percent.parse::<f64>().map(|percent| percent / 100.0),
        None => text.parse(),
    };
    let ppb = share.ok().filter(|share| (0.0..1.0).contains(share)).map(|share| (share * 1e9).round() as u32);
    ppb.and_then(Confidence::from_ppb)
        .ok_or_else(|| "a confidence is between 0 and 1, such as `95%` or `0.99`".to_owned())
}

fn shard(text: &str) -> Result<(u64, u64), String> {
    const FORM: &str = "a shard is a number from 0 and how many there are, such as `0/8` for the first of eight";
    let (shard, of) = text.split_once('/').ok_or(FORM)?;
    match (shard.trim().parse::<u64>(), of.trim().parse::<u64>()) {
        (Ok(shard), Ok(of)) if shard < of => Ok((shard, of)),
        (Ok(shard), Ok(of)) if shard == of && of > 0 => {
            Err(format!("shards are counted from 0: the last of {of} is {}/{of}", of - 1))
        }
        _ => Err(FORM.to_owned()),
    }
}

/// Why a sweep does not come to its end.
enum Trouble {
    /// What was asked for is not valid.
    Invalid(Vec<Diagnostic>),
    /// The same, in a sentence.
    Refused(String),
    /// The disk.
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

/// Reads what is to be swept.
fn space(args: &SpaceArgs, samples: u64) -> Result<(Base, Space), Trouble> {
    let varied = args.vary.iter().map(|text| Vary::parse(text)).collect::<Result<Vec<_>, _>>()?;
    let base = Base::load(args.file())?;
    let seed = args.seed.unwrap_or(base.scenario().seed);
    let space = Space::new(varied, samples, seed).map_err(Trouble::Refused)?;
    Ok((base, space))
}

/// Reads the figures that are to be shown.
fn measures(args: &ShownArgs) -> Result<Vec<Measure>, Trouble> {
    let shown: Vec<&str> = match args.show[..] {
        [] => SHOWN_DEFAULT.to_vec(),
        _ => args.show.iter().map(String::as_str).collect(),
    };
    let one = |text: &str| {
        let mut cursor = Cursor::new("--show", text)?;
        let measure = Measure::read(&mut cursor)?;
        if cursor.is_done() { Ok(measure) } else { Err(cursor.error("expected `,` or the end")) }
    };
    shown.into_iter().map(one).collect::<Result<Vec<_>, Diagnostic>>().map_err(Trouble::from)
}

/// What the scenario expects, as it is told.
fn expectations(base: &Base) -> Vec<String> {
    let texts = base.scenario().expect.iter().map(|expect| expect.place.to_string());
    texts.collect()
}

fn swept(args: &RunArgs) -> Result<Option<Swept>, Trouble> {
    let measures = measures(&args.shown)?;
    let precision = args.precision.iter().map(|text| Precision::parse(text)).collect::<Result<Vec<_>, _>>()?;
    let find = args.find.as_deref().map(Find::parse).transpose()?;
    // What is to be precise may take many samples; a hundred would be one look.
    let default = match (&find, precision.is_empty()) {
        (Some(_), _) => SAMPLES_FIND,
        (None, true) => SAMPLES_DEFAULT,
        (None, false) => FIRST_LOOK << 10,
    };
    let (base, space) = space(&args.space, args.space.samples.unwrap_or(default))?;
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
