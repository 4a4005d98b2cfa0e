//! How the runs of a sweep are gone through: all of them, until a figure is precise enough, or those that a search looks at.

use indicatif::ProgressBar;

use super::Trouble;
use crate::cli::progress;
use crate::fleet::statistics::Looks;
use crate::fleet::sweep::find::{Find, Found, search};
use crate::fleet::sweep::measure::Holds;
use crate::fleet::sweep::precision::{FIRST_LOOK, Precision};
use crate::fleet::sweep::row::Row;
use crate::fleet::sweep::tally::summary_of;
use crate::fleet::sweep::{Prepared, Space, batch};
use crate::report::sweep::{Search, Stopped, Swept};
use crate::text::duration::parse as parse_duration;

/// Makes all runs.
pub fn all(swept: &mut Swept, plans: &[Prepared]) {
    let bar = progress(swept.space.runs());
    let (space, rows) = (swept.space.clone(), &mut swept.rows);
    batch::run(plans, (0..space.runs()).map(|id| space.run(id)), &mut |row| {
        bar.inc(1);
        rows.push(row);
        true
    });
    bar.finish_and_clear();
}

/// Runs until every figure is precise enough.
pub fn precise(swept: &mut Swept, plans: &[Prepared], asked: Vec<Precision>) {
    let together = swept.confidence;
    // What may be wrong is split among the figures too: all of them hold at the last look.
    let looks = Looks::doubling(FIRST_LOOK, swept.space.samples(), together.among(asked.len() as u32));
    swept.confidence = looks.confidence();
    let bar = progress(swept.space.runs());
    let (whole, mut samples, mut is_precise) = (swept.space.clone(), 0, false);
    for size in looks.sizes() {
        let count = u64::from(whole.plans());
        batch::run(plans, (samples * count..size * count).map(|id| whole.run(id)), &mut |row| {
            bar.inc(1);
            swept.rows.push(row);
            true
        });
        samples = *size;
        is_precise = asked.iter().all(|one| one.is_met(&swept.rows, whole.plans(), looks.confidence()));
        if is_precise {
            break;
        }
    }
    bar.finish_and_clear();
    swept.space = whole.with_samples(samples);
    swept.manifest.samples = samples;
    swept.manifest.to = swept.space.runs();
    swept.stopped = Some(Stopped { asked, looks: looks.sizes().to_vec(), is_precise, together });
}

/// A search goes through the values of one parameter, which must rise.
pub fn check_find(find: &Find, space: &Space) -> Result<(), Trouble> {
    let path = &find.path;
    let [vary] = space.varied() else {
        let all = space.varied().len();
        return Err(Trouble::Refused(match all {
            0 => format!("say among which values to search: --vary '{path}=1..16'"),
            _ => format!("a search goes through one parameter, and {all} are varied: set the others in the file"),
        }));
    };
    if vary.path != *path {
        return Err(Trouble::Refused(format!("the search is about {path}, and --vary about {}", vary.path)));
    }
    let rank = |value: &String| match value.parse::<f64>() {
        Ok(number) => Some(number),
        Err(_) => parse_duration(value).ok().map(|length| length.nanos() as f64),
    };
    let ranks: Option<Vec<f64>> = vary.values.iter().map(rank).collect();
    match ranks.is_some_and(|ranks| ranks.is_sorted()) {
        true => Ok(()),
        false => Err(Trouble::Refused("a search goes through numbers or lengths of time that rise".to_owned())),
    }
}

/// Makes the runs that a search looks at.
pub fn found(swept: &mut Swept, plans: &[Prepared], find: Find) {
    let together = swept.confidence;
    let confidence = together.among(find.statements(plans.len()));
    swept.confidence = confidence;
    let bar = progress(swept.space.samples() * u64::from(find.statements(plans.len())));
    let (space, rows) = (swept.space.clone(), &mut swept.rows);
    let mut look = |place: usize| -> Holds {
        let count = u64::from(space.plans());
        let runs = (0..space.samples()).map(|sample| space.run(sample * count + place as u64));
        let mut own: Vec<Row> = Vec::new();
        batch::run(plans, runs, &mut |row| {
            bar.inc(1);
            own.push(row);
            true
        });
        let verdicts = find.conditions.iter().map(|condition| {
            let summary = summary_of(own.iter(), condition.measure.metric);
            condition.holds(&condition.measure.estimate(&summary, confidence))
        });
        let verdict = verdicts.max().unwrap_or(Holds::No);
        rows.extend(own);
        verdict
    };
    let found: Found = search(find.extreme, plans.len(), &mut look);
    bar.finish_and_clear();
    swept.rows.sort_by_key(|row| row.run);
    swept.search = Some(Search { find, found, together });
}

/// How far it is.
pub fn progress(runs: u64) -> ProgressBar {
    progress::bar(runs, "{bar:30} {pos} of {len} runs, {per_sec}, {elapsed}")
}
