//! One cycle: everything is listed, commands are made, and they are carried out one after the other. A panic ends the cycle and
//! drops what is left of it. What a START does is `start`'s.
//! Source: 1backend/1backend 1305defcf2b8, server/internal/services/deploy/deploy_loop.go (cycle, processCommand,
//! executeKillCommand).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::allocator::{self, Command};
use super::container::stop_name;
use super::servers::Server;
use super::start::Call;
use super::{Desk, Loop, RowOrder};
use crate::kernel::Time;
use crate::systems::onebackend::model::Definition;
use crate::systems::onebackend::store::{DeploymentStatus, Store};
use crate::timeline::{Arg, Cause, Kind, Subject, Why};

/// A cycle that is under way.
#[derive(Clone, Debug)]
pub struct Cycle {
    /// The server that runs it.
    pub server: usize,
    /// The definition of each deployment that was listed.
    deployments: BTreeMap<String, String>,
    /// The definitions that were listed.
    definitions: BTreeMap<String, Definition>,
    /// What is still to be done.
    commands: VecDeque<Command>,
    /// Servers, in the order in which nodes were listed.
    order: Vec<usize>,
    /// The call that it waits for.
    pub call: Option<Call>,
}

/// Nodes as they are listed: of each its row for the allocator, and its server.
fn listed_nodes(servers: &[Server], desk: &Desk<'_>) -> (Vec<allocator::NodeRow>, Vec<usize>) {
    let mut order: Vec<usize> = (0..servers.len()).collect();
    order.retain(|at| desk.store.nodes.iter().any(|row| row.subject == servers[*at].node));
    order.sort_by_key(|at| (servers[*at].rank, *at));
    let row = |at: &usize| allocator::NodeRow {
        id: servers[*at].name.clone(),
        url: servers[*at].url.clone(),
        cpu_percent: desk.options.as_built.node_cpu_percent.get(&servers[*at].name).copied(),
    };
    (order.iter().map(row).collect(), order)
}

fn listed_instances(store: &Store) -> Vec<allocator::InstanceRow> {
    let text = |text: &String| (!text.is_empty()).then(|| text.clone());
    let row = |row: &crate::systems::onebackend::store::InstanceRow| allocator::InstanceRow {
        id: row.id.clone(),
        deployment: text(&row.deployment_id),
        node_url: text(&row.node_url),
        has_heartbeat: true,
        status: row.status,
    };
    store.instances.iter().map(row).collect()
}

fn listed_deployments(desk: &mut Desk<'_>) -> Vec<allocator::DeploymentRow> {
    let mut rows = Vec::new();
    for (position, row) in desk.store.deployments.iter().enumerate() {
        let rank = match desk.options.as_built.deployment_order {
            RowOrder::Seeded => desk.world.draw("deployment-order", row.subject, 0, 1 << 32),
            RowOrder::Saved => 0,
        };
        let listed = allocator::DeploymentRow { id: row.spec.id.clone(), replicas: row.spec.replicas.into() };
        rows.push(((rank, position), listed));
    }
    rows.sort_by_key(|(rank, _)| *rank);
    rows.into_iter().map(|(_, row)| row).collect()
}

/// What a cycle writes of a KILL, once.
fn kill_key(deployment: &str, instance: Option<&str>) -> String {
    format!("kill {deployment} {}", instance.unwrap_or_default())
}

/// True if a cycle would do anything that was not done before: a START always does.
pub fn would_act(servers: &[Server], told: &BTreeSet<String>, desk: &mut Desk<'_>) -> bool {
    let (nodes, _) = listed_nodes(servers, desk);
    let deployments = listed_deployments(desk);
    for command in allocator::commands(&nodes, &listed_instances(desk.store), &deployments) {
        let Command::Kill { deployment, instance } = &command else { return true };
        let row = deployment.as_deref().and_then(|id| desk.store.deployment(id));
        let Some(row) = row.map(|at| &desk.store.deployments[at]) else { continue };
        if matches!(row.status, DeploymentStatus::Pending | DeploymentStatus::Error) {
            return true;
        }
        let id = &row.spec.id;
        if !desk.store.definitions.contains_key(&row.spec.definition_id) {
            return !told.contains(&kill_key(id, None));
        }
        if !told.contains(&kill_key(id, instance.as_deref())) {
            return true;
        }
    }
    false
}

impl Cycle {
    /// Lists everything, and makes the commands.
    pub fn begin(server: usize, servers: &[Server], desk: &mut Desk<'_>) -> Cycle {
        let (nodes, order) = listed_nodes(servers, desk);
        let deployments = listed_deployments(desk);
        let commands = allocator::commands(&nodes, &listed_instances(desk.store), &deployments);
        let of = desk.store.deployments.iter().map(|row| (row.spec.id.clone(), row.spec.definition_id.clone()));
        Cycle {
            server,
            deployments: of.collect(),
            definitions: desk.store.definitions.clone(),
            commands: commands.into(),
            order,
            call: None,
        }
    }

    /// When the call that it waits for ends by itself.
    pub fn until(&self) -> Option<Time> {
        self.call.as_ref().and_then(Call::until)
    }

    /// The definition that a deployment had when all was listed.
    pub fn definition(&self, deployment: &str) -> Option<&Definition> {
        self.definitions.get(self.deployments.get(deployment)?)
    }

    /// The id of the definition that a deployment had then.
    pub fn definition_id(&self, deployment: &str) -> &str {
        self.deployments.get(deployment).map_or("", String::as_str)
    }
}

impl Loop {
    /// Goes on with a cycle as far as it can at this instant; `true` once it is over.
    pub(super) fn go_on(&mut self, cycle: &mut Cycle, desk: &mut Desk<'_>) -> bool {
        loop {
            if let Some(call) = cycle.call.take() {
                match self.poll(call, cycle, desk) {
                    Ok(None) => {}
                    Ok(Some(call)) => {
                        cycle.call = Some(call);
                        return false;
                    }
                    Err(Panic) => return true,
                }
                continue;
            }
            let done = match cycle.commands.pop_front() {
                None => return true,
                Some(Command::Start { deployment, node }) => self.start(&deployment, cycle.order[node], cycle, desk),
                Some(Command::Kill { deployment, instance }) => self.kill(deployment, instance, cycle, desk),
            };
            if done.is_err() {
                return true;
            }
        }
    }

    /// What every command begins with: the deployment is read again, and whatever the command, it is Deploying from Pending and
    /// Error on. Gives its position.
    pub(super) fn process(&mut self, deployment: &str, cycle: &Cycle, desk: &mut Desk<'_>) -> Result<usize, Panic> {
        let Some(position) = desk.store.deployment(deployment) else {
            return Err(self.panic(deployment, "index out of range [0] with length 0", cycle, desk));
        };
        let row = &mut desk.store.deployments[position];
        if matches!(row.status, DeploymentStatus::Pending | DeploymentStatus::Error) {
            row.status = DeploymentStatus::Deploying;
            row.cause = Cause::Entry(desk.world.note(row.subject, row.status.state(), Why::NONE, row.cause));
        }
        Ok(position)
    }

    /// A KILL goes to the server that runs the cycle, as it names no node, and stops a container of a name that none has. Its error
    /// is dropped, and the instance's row stays.
    fn kill(
        &mut self,
        deployment: Option<String>,
        instance: Option<String>,
        cycle: &Cycle,
        desk: &mut Desk<'_>,
    ) -> Result<(), Panic> {
        // "No deployment for command", says the log, and the next is taken.
        let Some(deployment) = deployment.filter(|id| cycle.deployments.contains_key(id)) else { return Ok(()) };
        let position = self.process(&deployment, cycle, desk)?;
        let Some(definition) = cycle.definition(&deployment) else {
            self.told.insert(kill_key(&deployment, None));
            return Err(self.panic(&deployment, "invalid memory address or nil pointer dereference", cycle, desk));
        };
        if !self.told.insert(kill_key(&deployment, instance.as_deref())) {
            return Ok(());
        }
        let name = Arg::Text(desk.world.intern(&stop_name(&definition.id)));
        let server = Arg::Text(desk.world.intern(&self.servers[cycle.server].name));
        let row = &desk.store.deployments[position];
        let told = desk.store.instances.iter().find(|row| instance.as_ref() == Some(&row.id));
        let (subject, state): (Subject, _) = match told {
            Some(instance) => (instance.subject, instance.status.state()),
            None => (row.subject, row.status.state()),
        };
        let why =
            Why::with2("KILL stops {} on {}, where there is none: the error is dropped, the row stays", name, server);
        desk.world.note(subject, state, why, row.cause);
        Ok(())
    }

    /// A panic: the cycle is over. One that happens again with every cycle is written once.
    pub(super) fn panic(&mut self, deployment: &str, reason: &str, cycle: &Cycle, desk: &mut Desk<'_>) -> Panic {
        let dropped = cycle.commands.len();
        if self.told.insert(format!("panic {deployment} {reason} {dropped}")) {
            let reason = Arg::Text(desk.world.intern(reason));
            let why = match dropped {
                0 => Why::with("the cycle panics: {}", reason),
                1 => Why::with("the cycle panics: {}; it drops the command that was to come", reason),
                _ => Why::with2("the cycle panics: {}; it drops {} commands", reason, Arg::Count(dropped as u64)),
            };
            let name = desk.world.name(deployment);
            let (subject, state, cause) = match desk.store.deployment(deployment) {
                Some(position) => {
                    let row = &desk.store.deployments[position];
                    (row.subject, row.status.state(), row.cause)
                }
                None => (Subject::new(Kind::Member, name), "removed", desk.cause),
            };
            desk.world.note(subject, state, why, cause);
        }
        Panic
    }
}

/// A cycle that panicked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Panic;
