//! A trace from a table of pods.

use super::cell;
use super::columns::{Columns, Field};
use super::nodes::Names;
use super::table::{Row, Table};
use crate::fleet::demand::{PodClass, Timing, Trace};
use crate::fleet::inventory::{GPU_MILLI, GPUS_MAX, MODELS_MAX, ModelSet, Models};
use crate::text::Diagnostic;
use crate::text::diagnostic::quote;

/// The most pods of a trace.
const PODS_MAX: usize = 100_000_000;

/// Where a table of pods has what.
struct Layout {
    name: usize,
    cpu: (Field, usize),
    memory: (Field, usize),
    gpus: usize,
    gpu_milli: Option<usize>,
    gpu_spec: Option<usize>,
    priority: Option<usize>,
    created: Option<usize>,
    scheduled: Option<usize>,
    deleted: Option<usize>,
    duration: Option<usize>,
}

impl Layout {
    fn of(table: &Table, columns: &Columns) -> Result<Layout, Diagnostic> {
        let need = |fields: &[Field]| columns.need(table, "--columns", fields);
        let find = |field| columns.find(table, field);
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

/// The trace that a table lists, under a name.
///
/// # Errors
/// Everything that is wrong with it, each with its place.
pub fn read_pods(table: &Table, columns: &Columns, models: &mut Models, name: &str) -> Result<Trace, Vec<Diagnostic>> {
    let layout = Layout::of(table, columns).map_err(|problem| vec![problem])?;
    let mut trace = Trace { name: name.to_owned(), ..Trace::default() };
    let mut timings = layout.has_times().then(Vec::new);
    let mut names = Names::default();
    table.for_each(|row| {
        let name = cell::name(row, layout.name)?;
        names.add(row, layout.name, name)?;
        let class = class(row, &layout, models)?;
        if let Some(timings) = &mut timings {
            timings.push(timing(row, &layout)?);
        }
        if trace.pods.len() == PODS_MAX {
            return Err(row.problem(layout.name, format!("there are more than {PODS_MAX} pods")));
        }
        trace.add(name, class);
        Ok(())
    })?;
    if trace.pods.is_empty() {
        return Err(vec![table.about("the table has no pods")]);
    }
    trace.timings = timings;
    Ok(trace)
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
            for model in spec.split('|').map(str::trim).filter(|model| !model.is_empty()) {
                let too_many = || {
                    row.problem(
                        at,
                        format!("the GPU model {} is one too many: {MODELS_MAX} can be told apart", quote(model)),
                    )
                };
                set = ModelSet(set.0 | models.intern(model).ok_or_else(too_many)?.0);
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

fn timing(row: &Row<'_>, layout: &Layout) -> Result<Timing, Box<Diagnostic>> {
    let time = |field: Field, at: Option<usize>| match at {
        None => Ok(None),
        Some(at) => cell::time_ms(row, (field, at)),
    };
    let created = time(Field::CreationTime, layout.created)?;
    let Some(created_ms) = created else {
        return Err(row.problem(layout.created.unwrap_or(0), "`creation_time` is empty: when does the pod come?"));
    };
    let runs_ms = match time(Field::Duration, layout.duration)? {
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
