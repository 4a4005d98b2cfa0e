//! The options of `greenroom sweep` that say which runs it has and how its figures are shown, and how they are read. Those of its verbs
//! stand with them.

use std::path::{Path, PathBuf};

use clap::Args;

use super::Trouble;
use crate::cli::output::OutputArgs;
use crate::fleet::statistics::Confidence;
use crate::fleet::sweep::cursor::Cursor;
use crate::fleet::sweep::measure::Measure;
use crate::fleet::sweep::{Base, Space, Vary};
use crate::text::Diagnostic;

/// Samples where none are asked for.
pub const SAMPLES_DEFAULT: u64 = 100;
/// The same of a search: enough that a 99th percentile has bounds, however many statements share what may be wrong.
pub const SAMPLES_FIND: u64 = 1_000;
/// The figures that are shown where none are asked for.
const SHOWN_DEFAULT: [&str; 5] =
    ["rate(passed)", "p50(time_to_ready)", "p99(time_to_ready)", "p99(outage)", "mean(gpu_hours)"];

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
    pub vary: Vec<String>,
    /// How many seeds each plan is run with; sample k has the same seed in every plan. Default: 100;
    /// 1000 for --find, 102400 at the most for --precision.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub samples: Option<u64>,
    /// The seed of the first sample, instead of the scenario's own.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

impl SpaceArgs {
    /// The scenario file.
    pub fn file(&self) -> &Path {
        self.file.as_deref().unwrap_or(Path::new(""))
    }

    /// Reads what is to be swept, with so many samples.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(&self, samples: u64) -> Result<(Base, Space), Trouble> {
        let varied = self.vary.iter().map(|text| Vary::parse(text)).collect::<Result<Vec<_>, _>>()?;
        let base = Base::load(self.file())?;
        let seed = self.seed.unwrap_or(base.scenario().seed);
        let space = Space::new(varied, samples, seed).map_err(Trouble::Refused)?;
        Ok((base, space))
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
    pub confidence: Confidence,
}

impl ShownArgs {
    /// The figures that are to be shown.
    ///
    /// # Errors
    /// What is wrong with one of them.
    pub fn measures(&self) -> Result<Vec<Measure>, Trouble> {
        let shown: Vec<&str> = match self.show[..] {
            [] => SHOWN_DEFAULT.to_vec(),
            _ => self.show.iter().map(String::as_str).collect(),
        };
        let one = |text: &str| {
            let mut cursor = Cursor::new("--show", text)?;
            let measure = Measure::read(&mut cursor)?;
            if cursor.is_done() { Ok(measure) } else { Err(cursor.error("expected `,` or the end")) }
        };
        shown.into_iter().map(one).collect::<Result<Vec<_>, Diagnostic>>().map_err(Trouble::from)
    }
}

/// A sweep or a shard of it.
#[derive(Args)]
pub struct RunArgs {
    /// Which runs it has.
    #[command(flatten)]
    pub space: SpaceArgs,
    /// How its figures are shown.
    #[command(flatten)]
    pub shown: ShownArgs,
    /// End once the interval of a figure is no wider than this on each side, in every plan: 'p99(time_to_ready)=10s'. May be given
    /// several times. It is looked at after 100, 200, 400, … samples, --samples at the most.
    #[arg(long, value_name = "FIGURE=WIDTH", conflicts_with_all = ["shard", "out", "find"])]
    pub precision: Vec<String>,
    /// Search the values of --vary: 'min cluster.nodes[a10].count such that p99(time_to_ready) < 20m'.
    #[arg(long, value_name = "WHAT", conflicts_with_all = ["shard", "out"])]
    pub find: Option<String>,
    /// Make the i-th of n parts alone, counted from 0. It shows nothing: `sweep merge` shows what all parts together say.
    #[arg(long, value_name = "I/N", value_parser = shard, requires = "out",
        conflicts_with_all = ["targets", "show", "confidence"])]
    pub shard: Option<(u64, u64)>,
    /// Keep the runs in this file, and go on with it where it is there already. With the feature `object-store` also an address:
    /// s3://bucket/runs.ndjson.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// How many runs go on at a time. Default: one a processor.
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
    /// Where they go.
    #[command(flatten)]
    pub output: OutputArgs,
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
