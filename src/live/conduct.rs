//! What the pods of one template do, as fixed lengths: the first row of `behaviour` that matches each container, as in the
//! simulation. How kwok plays it is in `kwok`, how stand-in containers do in `stand_in`.
//!
//! A length that the scenario draws at random is drawn once for a template, from the stream of its first pod: that pod takes as
//! long as in the simulation, and the others as long as it. Image pulls are drawn for the image alone, because no node is known yet;
//! every pod pulls, where in the simulation only the first on a node does.

mod kwok;
mod stand_in;

pub(super) use kwok::{AFTER_WAITING, fails_now, goes_on};
pub use kwok::{KwokStages, kwok_stages};
pub(super) use stand_in::pull_arguments;
pub use stand_in::{PORT, Role, STATE_FOLDER, stand_in_arguments};

use crate::cluster::{Behaviour, Candidate, Pull};
use crate::kernel::{Distribution, Duration, Streams};
use crate::rehearsal;
use crate::scenario::Scenario;
use crate::timeline::Kind;
use crate::workload::PodTemplate;

/// What one container does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Conduct {
    /// The pull of its image; zero if a container before it has the same.
    pub pull: Duration,
    /// Its run, if it is an init container.
    pub init: Duration,
    /// From its start to the moment that its application answers.
    pub start: Duration,
    /// Its run, if it ends by itself.
    pub run: Duration,
    /// The exit code of that run.
    pub exit_code: u8,
    /// Whether it crashes.
    pub crash: Option<Crash>,
    /// From the order to stop to its end.
    pub stop: Duration,
}

/// A container that ends by itself, again and again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Crash {
    /// So long after its start.
    pub after: Duration,
    /// In its first so many starts in each pod; `None`: in all.
    pub times: Option<u32>,
    /// With this exit code.
    pub exit_code: u8,
}

/// What the containers of a pod do.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PodConduct {
    /// Those that run before the others.
    pub init: Vec<Conduct>,
    /// The others.
    pub main: Vec<Conduct>,
}

/// Whose pods they are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Owner<'a> {
    /// The kind of the workload that rows of behaviour match; that of a CronJob's pods is Job.
    pub kind: Kind,
    /// Its name.
    pub name: &'a str,
    /// The system's deployment that they serve, if there is one.
    pub deployment: Option<&'a str>,
    /// The name of the first pod in the simulation, whose draws count.
    pub first_pod: &'a str,
}

/// How the containers of a run behave.
#[derive(Clone, Debug)]
pub struct Conducts {
    rows: Vec<Behaviour>,
    streams: Streams,
}

impl Conducts {
    /// The behaviour of a scenario under a seed.
    pub fn of(scenario: &Scenario, seed: u64) -> Conducts {
        Conducts::new(rehearsal::behaviour(scenario), rehearsal::usual(scenario), seed)
    }

    /// These rows, the first that matches first; what none matches does as `usual` says.
    pub fn new(mut rows: Vec<Behaviour>, usual: Behaviour, seed: u64) -> Conducts {
        rows.push(usual);
        Conducts { rows, streams: Streams::new(seed) }
    }

    /// What the pods of a template do.
    pub fn pod(&self, owner: &Owner<'_>, template: &PodTemplate) -> PodConduct {
        let mut pulled: Vec<&str> = Vec::new();
        let mut conducts = Vec::new();
        for (container, index) in template.init_containers.iter().chain(&template.containers).zip(0..) {
            let mut conduct = self.container(owner, index, &container.image);
            if pulled.contains(&container.image.as_str()) {
                conduct.pull = Duration::ZERO;
            }
            if conducts.len() < template.init_containers.len() {
                // As in the simulation, where a row's crash is about those that serve.
                conduct.crash = None;
            }
            pulled.push(&container.image);
            conducts.push(conduct);
        }
        let main = conducts.split_off(template.init_containers.len());
        PodConduct { init: conducts, main }
    }

    /// True if a row says what the pods of a workload use, which is what an autoscaler goes by.
    pub fn has_load(&self, workload: &str) -> bool {
        let is_for = |row: &&Behaviour| row.applies_to.workload.as_deref().is_none_or(|name| name == workload);
        self.rows.iter().filter(is_for).any(|row| !row.metrics.is_empty())
    }

    /// What one container does; init containers come first in the count.
    fn container(&self, owner: &Owner<'_>, index: u32, image: &str) -> Conduct {
        let Owner { kind, name: workload, deployment, first_pod } = *owner;
        let candidate = Candidate { deployment, workload, kind, image };
        let row = self.rows.iter().find(|row| row.applies_to.matches(&candidate));
        let row = row.expect("the last row is the default and matches everything");
        let name = format!("{first_pod}/{index}");
        // The first start of a container is number 1 in the simulation.
        let draw = |purpose: &str, length: &Distribution| length.sample(&mut self.streams.stream(purpose, &name, 1));
        let pull = match &row.pull {
            Pull::Takes(length) => length.sample(&mut self.streams.stream("pull", image, 0)),
            Pull::Size { bytes, bytes_per_second } => {
                let nanos = u128::from(*bytes) * 1_000_000_000 / u128::from((*bytes_per_second).max(1));
                Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
            }
        };
        Conduct {
            pull,
            init: draw("init", &row.init),
            start: draw("start", &row.start),
            run: draw("run", &row.run),
            exit_code: row.exit_code,
            crash: row.crash.as_ref().filter(|crash| crash.times > 0).map(|crash| Crash {
                after: draw("crash", &crash.after),
                times: (crash.times < u32::MAX).then_some(crash.times),
                exit_code: crash.exit_code,
            }),
            stop: draw("stop", &row.stop),
        }
    }
}

impl Conduct {
    /// How its first start ends by itself under a restart policy that lets it: a crash counts before a run.
    pub fn end(&self) -> (Duration, u8) {
        self.crash.map_or((self.run, self.exit_code), |crash| (crash.after, crash.exit_code))
    }

    /// The same of a container that nobody starts again, and that may run until something ends it (`Container::runs_on`).
    pub fn end_of(&self, runs_on: bool) -> Option<(Duration, u8)> {
        (!runs_on || self.crash.is_some()).then(|| self.end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Match;
    use crate::workload::Container;

    fn seconds(count: u64) -> Distribution {
        Distribution::Constant(Duration::from_secs(count))
    }

    fn owner(name: &str) -> Owner<'_> {
        Owner { kind: Kind::Deployment, name, deployment: None, first_pod: "web-r1-0" }
    }

    fn template(images: &[&str]) -> PodTemplate {
        let container = |image: &&str| Container { image: (*image).to_owned(), ..Container::default() };
        PodTemplate { containers: images.iter().map(container).collect(), ..PodTemplate::default() }
    }

    #[test]
    fn the_first_row_that_matches_counts_and_an_image_is_pulled_once() {
        let row = |workload: &str, pull| Behaviour {
            applies_to: Match { workload: Some(workload.to_owned()), ..Match::default() },
            pull: Pull::Takes(seconds(pull)),
            ..Behaviour::default()
        };
        let conducts = Conducts::new(vec![row("db", 1), row("web", 2), row("web", 3)], Behaviour::default(), 7);
        let pulls = |name| {
            conducts
                .pod(&owner(name), &template(&["a", "a", "b"]))
                .main
                .iter()
                .map(|one| one.pull.whole_secs())
                .collect::<Vec<_>>()
        };
        assert_eq!(pulls("web"), [2, 0, 2]);
        assert_eq!(pulls("other"), [10, 0, 10], "the default pulls for 10 s");
    }

    #[test]
    fn draws_are_those_of_the_simulations_first_pod() {
        let length = Distribution::Uniform { min: Duration::ZERO, max: Duration::from_secs(100) };
        let row = Behaviour { start: length.clone(), ..Behaviour::default() };
        let conduct =
            Conducts::new(vec![row], Behaviour::default(), 7).pod(&owner("web"), &template(&["a"])).main[0].start;
        assert_eq!(conduct, length.sample(&mut Streams::new(7).stream("start", "web-r1-0/0", 1)));
    }
}
