//! Docker on each node: which containers it lists, and what a request to run one comes to. How a container runs is `containers`'.
//! Source: 1backend/1backend 1305defcf2b8, server/internal/services/container/backends/docker/run_container.go.

use super::super::containers;
use super::container::is_taken_for;
use crate::timeline::{Cause, Subject};
use crate::workload::{AskId, World};

/// Where a container is in its life.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Phase {
    /// Its image is pulled: docker does not list it yet.
    Pulling,
    /// It was created and could not be started.
    Created,
    /// It runs.
    Running,
    /// It ended.
    Exited,
    /// It was removed.
    Removed,
}

/// A container.
#[derive(Clone, Debug)]
pub struct Container {
    /// The server on whose node it is.
    pub server: usize,
    /// Its name.
    pub name: String,
    /// Ports of the node that lead to it.
    pub host_ports: Vec<u16>,
    /// The pod that stands for it; `None` if it never started.
    pub pod: Option<Subject>,
    /// Why the pod was refused.
    pub refusal: Option<String>,
    /// The ask that made the pod.
    pub ask: Option<AskId>,
    /// True once the world has shown its pod.
    pub was_seen: bool,
    /// The deployment that it was started for.
    pub serves: Subject,
    /// Where it is in its life.
    pub phase: Phase,
    /// What led to that.
    pub cause: Cause,
}

/// What a request to run a container comes to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Plan {
    /// One runs that is taken for it: nothing is done, and all is well.
    Runs(usize),
    /// It is started, once another that is taken for it is out of the way.
    Start {
        /// The one that is removed.
        removes: Option<usize>,
    },
    /// It cannot be created.
    NameTaken {
        /// The one that is removed all the same.
        removes: Option<usize>,
    },
    /// It is created and cannot be started.
    PortTaken {
        /// The one that is removed.
        removes: Option<usize>,
        /// The port.
        port: u16,
    },
}

/// All containers, the oldest first. Positions stay as they are.
#[derive(Clone, Debug, Default)]
pub struct Docker {
    /// The containers.
    pub containers: Vec<Container>,
}

impl Docker {
    /// The containers that docker lists on a node, the newest first, as its API does.
    fn listed(&self, server: usize) -> impl Iterator<Item = (usize, &Container)> {
        let on_node = move |one: &Container| {
            one.server == server && matches!(one.phase, Phase::Created | Phase::Running | Phase::Exited)
        };
        self.containers.iter().enumerate().rev().filter(move |(_, one)| on_node(one))
    }

    /// What a request for this name and these ports comes to.
    pub fn plan(&self, server: usize, name: &str, host_ports: &[u16], own_port: Option<u16>) -> Plan {
        let taken = self.listed(server).find(|(_, one)| is_taken_for(&one.name, name));
        if let Some((position, one)) = taken
            && one.phase == Phase::Running
        {
            return Plan::Runs(position);
        }
        let removes = taken.map(|(position, _)| position);
        let others = || self.listed(server).filter(|(position, _)| Some(*position) != removes);
        if others().any(|(_, one)| one.name == name) {
            return Plan::NameTaken { removes };
        }
        let is_held = |(position, port): &(usize, &u16)| {
            let by_other = |one: &Container| one.phase == Phase::Running && one.host_ports.contains(port);
            let by_itself = host_ports[..*position].contains(port);
            // For port 0 docker takes any that is free.
            **port != 0 && (own_port == Some(**port) || by_itself || others().any(|(_, one)| by_other(one)))
        };
        match host_ports.iter().enumerate().find(is_held) {
            Some((_, port)) => Plan::PortTaken { removes, port: *port },
            None => Plan::Start { removes },
        }
    }

    /// A container that is about to be taken for the one that is asked for.
    pub fn pulling(&self, server: usize, name: &str) -> Option<usize> {
        let is_it =
            |one: &Container| one.server == server && one.phase == Phase::Pulling && is_taken_for(&one.name, name);
        self.containers.iter().position(is_it)
    }

    /// The running container behind a port of a node. Behind port 0 is none: nobody knows which one docker took.
    pub fn behind(&self, server: usize, port: u16) -> Option<&Container> {
        let is_it = |one: &Container| port != 0 && one.phase == Phase::Running && one.host_ports.contains(&port);
        self.listed(server).map(|(_, one)| one).find(|one| is_it(one))
    }

    /// What last happened to a container that had this port of a node.
    pub fn last_cause(&self, server: usize, port: u16) -> Option<Cause> {
        let had = |one: &&Container| one.server == server && one.host_ports.contains(&port);
        self.containers.iter().rev().find(had).map(|one| one.cause)
    }

    /// Removes a container, as `docker rm --force` does.
    pub fn remove(&mut self, position: usize, cause: Cause, world: &mut dyn World) {
        let one = &mut self.containers[position];
        (one.phase, one.cause) = (Phase::Removed, cause);
        if let Some(pod) = one.pod {
            containers::remove(pod, one.serves, cause, world);
        }
    }

    /// How many containers of this name a node has ever had.
    pub fn made(&self, server: usize, name: &str) -> usize {
        self.containers.iter().filter(|one| one.server == server && one.name == name).count()
    }

    /// The container of a pod.
    pub fn of_pod(&self, pod: Subject) -> Option<usize> {
        self.containers.iter().position(|one| one.pod == Some(pod))
    }

    /// A node went down: what ran there has ended, and what was pulled was never made.
    pub fn power_off(&mut self, server: usize, cause: Cause, world: &mut dyn World) {
        for position in 0..self.containers.len() {
            let one = &mut self.containers[position];
            match one.phase {
                Phase::Running if one.server == server => (one.phase, one.cause) = (Phase::Exited, cause),
                Phase::Pulling if one.server == server => self.remove(position, cause, world),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Names;
    use crate::timeline::{Kind, LineId};

    fn docker(containers: &[(&str, &[u16], Phase)]) -> Docker {
        let serves = Subject::new(Kind::Member, Names::default().name("d"));
        let made = containers.iter().map(|(name, ports, phase)| Container {
            server: 0,
            name: (*name).to_owned(),
            host_ports: ports.to_vec(),
            pod: None,
            ask: None,
            refusal: None,
            was_seen: false,
            serves,
            phase: *phase,
            cause: Cause::Line(LineId(0)),
        });
        Docker { containers: made.collect() }
    }

    #[test]
    fn another_container_is_taken_for_the_one_that_is_asked_for() {
        let long = docker(&[("1backend-user-svc-v1", &[81], Phase::Running)]);
        assert_eq!(long.plan(0, "1backend-user-svc", &[80], None), Plan::Runs(0));
        assert_eq!(long.plan(1, "1backend-user-svc", &[80], None), Plan::Start { removes: None });
        let ended = docker(&[("1backend-user-svc-v1", &[81], Phase::Exited)]);
        assert_eq!(ended.plan(0, "1backend-user-svc", &[80], None), Plan::Start { removes: Some(0) });
    }

    /// Goal: only the newest that is taken for it goes; its own older one is still in the way.
    #[test]
    fn its_own_container_may_stand_in_its_way() {
        let both = docker(&[("1backend-a", &[80], Phase::Exited), ("1backend-a-b", &[81], Phase::Exited)]);
        assert_eq!(both.plan(0, "1backend-a", &[80], None), Plan::NameTaken { removes: Some(1) });
    }

    #[test]
    fn a_port_is_held_by_a_running_container_or_the_server() {
        let one = docker(&[("1backend-a", &[80], Phase::Running)]);
        assert_eq!(one.plan(0, "1backend-b", &[80], None), Plan::PortTaken { removes: None, port: 80 });
        assert_eq!(one.plan(0, "1backend-b", &[81], Some(81)), Plan::PortTaken { removes: None, port: 81 });
        assert_eq!(one.plan(0, "1backend-b", &[81, 81], None), Plan::PortTaken { removes: None, port: 81 });
        let free = docker(&[("1backend-a", &[0], Phase::Running)]);
        assert_eq!(free.plan(0, "1backend-b", &[0, 0], None), Plan::Start { removes: None });
        assert!(free.behind(0, 0).is_none() && one.behind(0, 80).is_some());
        let created = docker(&[("1backend-b", &[80], Phase::Created)]);
        assert_eq!(created.plan(0, "1backend-c", &[80], None), Plan::Start { removes: None });
        assert_eq!(created.plan(0, "1backend-b", &[80], None), Plan::Start { removes: Some(0) });
    }
}
