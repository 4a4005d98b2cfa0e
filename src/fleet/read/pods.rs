//! A trace from a table of pods.

use super::cell;
use super::columns::{Columns, Field};
use super::misfits::Misfits;
use super::names::Names;
use super::table::{Row, Table};
use crate::fleet::demand::{PODS_MAX, PodClass, Timing, Trace};
use crate::fleet::inventory::{Fleet, GPU_MILLI, GPUS_MAX, ModelSet, Models};
use crate::text::Diagnostic;
use crate::text::diagnostic::quote;

/// What becomes of the times of a table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Times {
    /// They are read if the table has their columns, and must all be well then.
    IfThere,
    /// Nobody asks for them: whatever stands there.
    Ignored,
}

/// What a table of pods can have.
const FIELDS: [Field; 14] = [
    Field::Name,
    Field::CpuMilli,
    Field::Cpu,
    Field::MemoryMib,
    Field::MemoryGib,
    Field::MemoryBytes,
    Field::Gpus,
    Field::GpuMilli,
    Field::GpuSpec,
    Field::CreationTime,
    Field::ScheduledTime,
    Field::DeletionTime,
    Field::Duration,
    Field::Priority,
];

/// Where a table of pods has what.
pub(super) struct Layout {
    name: usize,
    pub cpu: (Field, usize),
    pub memory: (Field, usize),
    pub gpus: usize,
    gpu_milli: Option<usize>,
    pub gpu_spec: Option<usize>,
    priority: Option<usize>,
    created: Option<usize>,
    scheduled: Option<usize>,
    deleted: Option<usize>,
    duration: Option<usize>,
}

impl Layout {
    fn of(table: &Table, columns: &Columns) -> Result<Layout, Diagnostic> {
        let search = columns.of(table, "--columns");
        search.check_named(&FIELDS, "pods")?;
        let need = |fields: &[Field]| search.need(fields);
        let find = |field| search.find(field);
        Ok(Layout {
            name: need(&[Field::Name])?.1,
            cpu: need(&[Field::CpuMilli, Field::Cpu])?,
            memory: need(&[Field::MemoryMib, Field::MemoryGib, Field::MemoryBytes])?,
            gpus: need(&[Field::Gpus])?.1,
            gpu_milli: find(Field::GpuMilli)?,
            gpu_spec: find(Field::GpuSpec)?,
            priority: find(Field::Priority)?,
            created: find(Field::CreationTime)?,
            scheduled: find(Field::ScheduledTime)?,
            deleted: find(Field::DeletionTime)?,
            duration: find(Field::Duration)?,
        })
    }

    /// True if a pod of the table can be played in time.
    const fn has_times(&self) -> bool {
        self.created.is_some() && (self.duration.is_some() || self.deleted.is_some())
    }
}

/// The trace that a table lists, under a name, with warnings of what it asks for and the fleet has nowhere.
///
/// # Errors
/// Everything that is wrong with it, each with its place.
pub fn read_pods(
    table: &Table,
    columns: &Columns,
    fleet: &mut Fleet,
    name: &str,
    times: Times,
) -> Result<(Trace, Vec<Diagnostic>), Vec<Diagnostic>> {
    let layout = Layout::of(table, columns).map_err(|problem| vec![problem])?;
    let mut trace = Trace { name: name.to_owned(), ..Trace::default() };
    let mut timings = (times == Times::IfThere && layout.has_times()).then(Vec::new);
    let mut names = Names::default();
    let mut misfits = Misfits::new(&fleet.kinds);
    table.for_each(|row| {
        let name = names.take(row, layout.name)?;
        let class = class(row, &layout, &mut fleet.models)?;
        if let Some(timings) = &mut timings {
            timings.push(timing(row, &layout)?);
        }
        if trace.pods.len() == PODS_MAX {
            return Err(row.problem(layout.name, format!("there are more than {PODS_MAX} pods")));
        }
        let number = trace.add(name, class);
        misfits.add(row, &layout, number, trace.of_class(number), &fleet.models);
        Ok(())
    })?;
    if trace.pods.is_empty() {
        return Err(vec![table.about("the table has no pods")]);
    }
    trace.timings = timings;
    Ok((trace, misfits.warnings(&fleet.models)))
}

fn class(row: &Row<'_>, layout: &Layout, models: &mut Models) -> Result<PodClass, Box<Diagnostic>> {
    let gpus = cell::whole(row, Field::Gpus, layout.gpus, GPUS_MAX as u64)? as u8;
    let whole = GPU_MILLI as u64;
    let gpu_milli = match layout.gpu_milli {
        None => u64::from(gpus > 0) * whole,
        Some(at) => cell::whole(row, Field::GpuMilli, at, whole)?,
    };
    let at = layout.gpu_milli.unwrap_or(layout.gpus);
    match (gpus, gpu_milli) {
        (0, 0) | (1.., 1000) => {}
        (0, _) => return Err(row.problem(at, "the pod asks for thousandths of a GPU, but for no GPU")),
        (_, 0) => return Err(row.problem(at, "the pod asks for a GPU, but for nothing of it")),
        (1, _) => {}
        (_, _) => return Err(row.problem(at, "several GPUs of one pod must be whole ones: 1000 thousandths each")),
    }
    let (models, spec) = match layout.gpu_spec.and_then(|at| row.cells.get(at).map(|text| (at, text))) {
        None | Some((_, "")) => (ModelSet::ANY, ""),
        Some((at, spec)) => {
            let mut set = ModelSet(0);
            for model in spec_models(spec) {
                set = set.with(cell::model(row, at, model, models)?);
            }
            if set == ModelSet(0) {
                return Err(row.problem(at, format!("`gpu_spec` names no GPU model: {}", quote(spec))));
            }
            (set, spec)
        }
    };
    Ok(PodClass {
        cpu_milli: cell::cpu_milli(row, layout.cpu)?,
        memory_mib: cell::memory_mib(row, layout.memory)?,
        gpus,
        gpu_milli: gpu_milli as i16,
        models,
        spec: spec.into(),
    })
}

/// The names in what a pod says of the models that will do.
pub(super) fn spec_models(spec: &str) -> impl Iterator<Item = &str> {
    spec.split('|').map(str::trim).filter(|model| !model.is_empty())
}

fn timing(row: &Row<'_>, layout: &Layout) -> Result<Timing, Box<Diagnostic>> {
    let time = |field, at: Option<usize>| at.map_or(Ok(None), |at| cell::time_ms(row, (field, at)));
    let Some(created_ms) = time(Field::CreationTime, layout.created)? else {
        return Err(row.problem(layout.created.unwrap_or(0), "`creation_time` is empty: when does the pod come?"));
    };
    let duration = layout.duration.map_or(Ok(None), |at| cell::length_ms(row, (Field::Duration, at)))?;
    let runs_ms = match duration {
        Some(duration) => duration,
        None => {
            let at = layout.deleted.or(layout.duration).unwrap_or(0);
            let Some(deleted) = time(Field::DeletionTime, layout.deleted)? else {
                return Err(row.problem(at, "the pod has neither a `duration` nor a `deletion_time`"));
            };
            let from = time(Field::ScheduledTime, layout.scheduled)?.unwrap_or(created_ms);
            deleted.checked_sub(from).ok_or_else(|| row.problem(at, "the pod is deleted before it runs"))?
        }
    };
    let priority = layout.priority.map_or(Ok(0), |at| cell::priority(row, at))?;
    Ok(Timing { created_ms, runs_ms, priority })
}
