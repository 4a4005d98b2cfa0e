//! Where requests to a deployment go: to its healthy routes that take traffic, each with the same weight unless a profile has
//! weights of groups applied. The proxy is told at
//! once, as the manager tells it of routes that become healthy or end; its own periodic comparison is not modelled.

use super::deployments::{Deployment, Deployments};
use super::groups;
use super::profile::Options;
use crate::kernel::{Name, Symbol};
use crate::timeline::{Cause, Kind, Subject};
use crate::workload::{Backend, World};

/// What the proxy was last told of one deployment.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// `chat-v1`, for each revision.
    parties: Vec<String>,
    /// The same, interned.
    symbols: Vec<Symbol>,
    /// The pods that serve and what each weighs, in the order of routes.
    pods: Option<Vec<(Subject, u32)>>,
}

impl Shown {
    /// Nothing was told yet.
    pub fn of(deployments: &Deployments, index: usize) -> Shown {
        let spec = deployments.spec(index);
        let parties = spec.revisions.iter().map(|revision| format!("{}-{}", spec.name, revision.name)).collect();
        Shown { parties, symbols: Vec::new(), pods: None }
    }

    /// Tells the proxy who serves, if that is not what it knows.
    pub fn send(&mut self, deployment: &Deployment, options: &Options, cause: Cause, world: &mut dyn World) {
        let weigh = |position| groups::weight_of_route(deployment, position, options);
        let routes = || deployment.routes.iter().enumerate().filter(|(_, route)| route.serves());
        let serving = || routes().map(|(position, route)| (route, weigh(position))).filter(|(_, weight)| *weight > 0);
        let pods: Vec<(Subject, u32)> = serving().map(|(route, weight)| (route.pod, weight)).collect();
        if self.pods.as_ref().map_or(pods.is_empty(), |known| *known == pods) {
            return;
        }
        if self.symbols.is_empty() {
            self.symbols = self.parties.iter().map(|party| world.intern(party)).collect();
        }
        let backends = serving().map(|(route, weight)| Backend {
            workload: route.pod,
            party: Subject::new(Kind::Revision, Name::plain(self.symbols[route.revision])),
            weight,
            nodes: None,
            // AppProxy knows of routes and their health, and of no pod.
            unready: true,
        });
        let name = Subject { kind: Kind::Traffic, ..deployment.subject };
        // The deployment's own last entry tells more than the timer that this follows from.
        let cause = if deployment.cause == cause { cause } else { deployment.cause };
        world.route(name, backends.collect(), cause);
        self.pods = Some(pods);
    }
}
