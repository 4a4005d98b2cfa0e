//! Reads which batch schedulers a cluster has.

use super::Reader;
use crate::cluster::BatchProfile;
use crate::scenario::file::{BatchSchedulerFile, BatchSchedulersFile};
use crate::text::decode::list;
use crate::text::diagnostic::quote;
use crate::workload::BatchScheduler;

impl Reader<'_, '_> {
    pub(super) fn batch_schedulers(&mut self, file: BatchSchedulersFile) -> Vec<BatchProfile> {
        let files = [(BatchScheduler::Kai, file.kai), (BatchScheduler::Volcano, file.volcano)];
        files.into_iter().filter_map(|(scheduler, file)| self.batch_scheduler(scheduler, file?)).collect()
    }

    fn batch_scheduler(&mut self, scheduler: BatchScheduler, file: BatchSchedulerFile) -> Option<BatchProfile> {
        let mut profile = match &file.version {
            None => BatchProfile::usual(scheduler),
            Some(version) => match BatchProfile::named(scheduler, &version.value) {
                Some(profile) => profile,
                None => {
                    let known = list(BatchProfile::versions(scheduler));
                    let name = scheduler.scheduler_name();
                    let wrong = format!("{name} {} has no profile: known are {known}", quote(&version.value));
                    self.context.error(version.span, wrong);
                    return None;
                }
            },
        };
        if let Some(packing) = file.placement {
            profile.packing = packing.0;
        }
        let only_kai = "Volcano has no such setting";
        if let Some(grace) = &file.staleness_grace {
            match scheduler {
                BatchScheduler::Kai => profile.staleness_grace = grace.value.0,
                BatchScheduler::Volcano => self.context.error(grace.span, only_kai),
            }
        }
        if let Some(preempts) = &file.preempts {
            match scheduler {
                BatchScheduler::Kai => profile.preempts = preempts.value,
                BatchScheduler::Volcano => self.context.error(preempts.span, only_kai),
            }
        }
        Some(profile)
    }
}
