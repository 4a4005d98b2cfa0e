//! A START: the call to the node's container service, which pulls and starts before it answers, and what is written then. The
//! loop waits for it, and so does every command behind it.
//! Source: 1backend/1backend 1305defcf2b8, server/internal/services/deploy/deploy_loop.go (executeStartCommand,
//! makeSureItRuns).

use std::collections::BTreeMap;

use super::address::Url;
use super::container::{built_image, run_name};
use super::cycle::{Cycle, Panic};
use super::docker::{Container, Phase, Plan};
use super::{Desk, Loop};
use crate::kernel::{Duration, Streams, Time};
use crate::systems::onebackend::containers::{self, Run, Seen};
use crate::systems::onebackend::model::Definition;
use crate::systems::onebackend::profile::Build;
use crate::timeline::{Arg, Cause, Kind, Subject, Why};
use crate::workload::{Dial, Resources};

/// A call that a cycle waits for.
#[derive(Clone, Debug)]
pub struct Call {
    deployment: String,
    /// The server that is called.
    server: usize,
    step: Step,
}

/// How far a call has come.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Nothing takes the connection.
    Connecting(Time),
    /// The image is built.
    Building(Time),
    /// The container's image is pulled, or it is about to start.
    Running(usize),
    /// The node fell silent while it was at it.
    Unanswered(Time),
}

impl Call {
    /// True if it waits for this container.
    pub const fn waits_for(&self, container: usize) -> bool {
        matches!(self.step, Step::Running(position) if position == container)
    }

    /// When it ends by itself.
    pub const fn until(&self) -> Option<Time> {
        match self.step {
            Step::Connecting(until) | Step::Building(until) | Step::Unanswered(until) => Some(until),
            Step::Running(_) => None,
        }
    }
}

impl Loop {
    /// Begins a START.
    pub(super) fn start(
        &mut self,
        deployment: &str,
        server: usize,
        cycle: &mut Cycle,
        desk: &mut Desk<'_>,
    ) -> Result<(), Panic> {
        self.process(deployment, cycle, desk)?;
        if cycle.definition(deployment).is_none() {
            let details = format!("definition '{}' cannot be found", cycle.definition_id(deployment));
            self.fail(deployment, &details, None, desk);
            return Ok(());
        }
        let step = match self.servers[server].is_up {
            true => match self.call(deployment, server, cycle, desk)? {
                Some(step) => step,
                None => return Ok(()),
            },
            false => Step::Connecting(desk.world.now() + desk.options.as_built.connect_timeout),
        };
        cycle.call = Some(Call { deployment: deployment.to_owned(), server, step });
        Ok(())
    }

    /// The server takes the call; `None` if it has answered already.
    fn call(
        &mut self,
        deployment: &str,
        server: usize,
        cycle: &Cycle,
        desk: &mut Desk<'_>,
    ) -> Result<Option<Step>, Panic> {
        let Some(definition) = cycle.definition(deployment) else { return Ok(None) };
        let (definition, now) = (definition.clone(), desk.world.now());
        if let Some(image) = &definition.image {
            return self.run_container(deployment, server, &image.name, &definition, cycle, desk);
        }
        if definition.repository.is_none() {
            let reason = "invalid memory address or nil pointer dereference";
            return Err(self.panic(deployment, reason, cycle, desk));
        }
        let length = build_length(&definition, desk);
        if let Some(position) = desk.store.deployment(deployment) {
            let image = Arg::Text(desk.world.intern(&built_image(&definition.id)));
            let row = &mut desk.store.deployments[position];
            let why = Why::with2("builds {} for {}", image, Arg::Length(length));
            row.cause = Cause::Entry(desk.world.note(row.subject, row.status.state(), why, row.cause));
        }
        Ok(Some(Step::Building(now + length)))
    }

    /// Docker is asked to run a container.
    fn run_container(
        &mut self,
        deployment: &str,
        server: usize,
        image: &str,
        definition: &Definition,
        cycle: &Cycle,
        desk: &mut Desk<'_>,
    ) -> Result<Option<Step>, Panic> {
        let name = run_name(&definition.id);
        // Docker's bindings are a map by the container's port: of two for one port the later counts.
        let bindings: BTreeMap<u16, u16> = definition.ports.iter().map(|port| (port.internal, port.host)).collect();
        let host_ports: Vec<u16> = bindings.into_values().collect();
        let own_port = Url::parse(&self.servers[server].url).port().parse().ok();
        let serves = Subject::new(Kind::Member, desk.world.name(deployment));
        let cause = desk.store.deployment(deployment).map_or(desk.cause, |at| desk.store.deployments[at].cause);
        // A call whose caller is gone goes on at the node: docker has one mutex, and finds what that call made.
        if let Some(position) = self.docker.pulling(server, &name) {
            return Ok(Some(Step::Running(position)));
        }
        let plan = self.docker.plan(server, &name, &host_ports, own_port);
        if let Plan::Start { removes } | Plan::NameTaken { removes } | Plan::PortTaken { removes, .. } = plan
            && let Some(position) = removes
        {
            self.docker.remove(position, cause, desk.world);
            self.tell_removal(deployment, position, &name, desk);
        }
        let made = self.docker.made(server, &name);
        let mut one = Container {
            server,
            name: name.clone(),
            host_ports,
            pod: None,
            ask: None,
            refusal: None,
            was_seen: false,
            serves,
            phase: Phase::Created,
            cause,
        };
        match plan {
            Plan::Runs(position) => {
                let instead = instead_of(&self.docker.containers[position].name, &name);
                self.succeed(deployment, server, instead, cycle, desk)?;
                Ok(None)
            }
            Plan::NameTaken { .. } => {
                let reason = format!(
                    "error creating Docker container: Conflict. The container name \"/{name}\" is already in use"
                );
                self.fail_container(deployment, &reason, desk);
                Ok(None)
            }
            Plan::PortTaken { port, .. } => {
                self.docker.containers.push(one);
                let reason = format!(
                    "error starting Docker container: Bind for 0.0.0.0:{port} failed: port is already allocated"
                );
                self.fail_container(deployment, &reason, desk);
                Ok(None)
            }
            Plan::Start { .. } => {
                let node = self.servers[server].name.clone();
                let pod = match made {
                    0 => format!("{name}.{node}"),
                    made => format!("{name}.{node}.{}", made + 1),
                };
                let pod = Subject::new(Kind::Pod, desk.world.name(&pod));
                let run = Run { pod, node, image: image.to_owned(), requests: Resources::default(), serves };
                (one.pod, one.phase) = (Some(pod), Phase::Pulling);
                one.ask = Some(containers::run(&run, cause, desk.world));
                self.docker.containers.push(one);
                Ok(Some(Step::Running(self.docker.containers.len() - 1)))
            }
        }
    }

    /// Writes down that another's container went, because its name contains the one that is asked for.
    fn tell_removal(&self, deployment: &str, position: usize, asked: &str, desk: &mut Desk<'_>) {
        let removed = &self.docker.containers[position].name;
        let Some(at) = desk.store.deployment(deployment).filter(|_| removed != asked) else { return };
        let (removed, asked) = (Arg::Text(desk.world.intern(removed)), Arg::Text(desk.world.intern(asked)));
        let row = &mut desk.store.deployments[at];
        let why = Why::with2("{} has ended and is removed: it is taken for {}", removed, asked);
        row.cause = Cause::Entry(desk.world.note(row.subject, row.status.state(), why, row.cause));
    }

    /// Looks at a call: `None` once it is over.
    pub(super) fn poll(
        &mut self,
        mut call: Call,
        cycle: &mut Cycle,
        desk: &mut Desk<'_>,
    ) -> Result<Option<Call>, Panic> {
        let now = desk.world.now();
        let server = &self.servers[call.server];
        // That a machine went off at this instant may be heard of after what ended there with it.
        let is_up = server.is_up && desk.world.dial(server.node) == Dial::Accepted;
        match call.step {
            Step::Connecting(_) if is_up => {
                let step = self.call(&call.deployment, call.server, cycle, desk)?;
                return Ok(step.map(|step| Call { step, ..call }));
            }
            Step::Connecting(until) if now >= until => {
                let url = Url::parse(&self.servers[call.server].url);
                let details =
                    format!("Put \"{}/container-svc/container\": dial tcp {}: i/o timeout", url.text(), url.host);
                self.fail(&call.deployment, &details, None, desk);
                return Ok(None);
            }
            Step::Unanswered(until) if now >= until => {
                let url = Url::parse(&self.servers[call.server].url);
                let details = format!(
                    "Put \"{}/container-svc/container\": read tcp {}: connection timed out",
                    url.text(),
                    url.host
                );
                self.fail(&call.deployment, &details, None, desk);
                return Ok(None);
            }
            Step::Building(_) | Step::Running(_) if !is_up => {
                call.step = Step::Unanswered(now + desk.options.as_built.answer_timeout);
            }
            Step::Building(until) if now >= until => return self.built(&call, cycle, desk).map(|()| None),
            Step::Running(position) => return self.look_at(call, position, cycle, desk),
            Step::Connecting(_) | Step::Unanswered(_) | Step::Building(_) => {}
        }
        Ok(Some(call))
    }

    /// A build ended. The container that is to be run then takes its ports from an image that such a definition does not have.
    fn built(&mut self, call: &Call, cycle: &Cycle, desk: &mut Desk<'_>) -> Result<(), Panic> {
        let fails = cycle.definition(&call.deployment).is_some_and(|definition| {
            desk.options.builds.iter().find(|row| fits(row, definition)).is_some_and(|row| row.fails)
        });
        let definition = cycle.definition(&call.deployment).map(|definition| definition.id.clone()).unwrap_or_default();
        let definition = Subject::new(Kind::Definition, desk.world.name(&definition));
        if fails || desk.world.build_fails(definition) {
            self.fail_container(&call.deployment, "build failed", desk);
            return Ok(());
        }
        let reason = "invalid memory address or nil pointer dereference";
        Err(self.panic(&call.deployment, reason, cycle, desk))
    }

    /// Looks how a container comes along.
    fn look_at(
        &mut self,
        call: Call,
        position: usize,
        cycle: &mut Cycle,
        desk: &mut Desk<'_>,
    ) -> Result<Option<Call>, Panic> {
        let one = &mut self.docker.containers[position];
        if let Some(reason) = one.refusal.take() {
            one.phase = Phase::Removed;
            self.fail_container(&call.deployment, &format!("error creating Docker container: {reason}"), desk);
            return Ok(None);
        }
        let Some(pod) = one.pod else { return Ok(None) };
        let seen = containers::look(pod, desk.world);
        one.was_seen |= seen != Seen::Gone;
        match seen {
            Seen::Coming => Ok(Some(call)),
            // The pull broke off with the machine: the service answers with its error, or not at all.
            Seen::PullFails | Seen::NeverRan => {
                let cause = one.cause;
                self.docker.remove(position, cause, desk.world);
                self.fail_container(&call.deployment, "image pull failure: failed to pull image", desk);
                Ok(None)
            }
            Seen::Running | Seen::Ended => {
                one.phase = if seen == Seen::Running { Phase::Running } else { Phase::Exited };
                let made = one.name.clone();
                let instead = instead_of(&made, &run_name(cycle.definition_id(&call.deployment)));
                self.succeed(&call.deployment, call.server, instead, cycle, desk)?;
                Ok(None)
            }
            // A view that lags does not know of it yet.
            Seen::Gone if !one.was_seen => Ok(Some(call)),
            Seen::Gone => {
                one.phase = Phase::Removed;
                self.fail_container(&call.deployment, "error starting Docker container: No such container", desk);
                Ok(None)
            }
        }
    }
}

/// That another container is taken for the one that was asked for.
fn instead_of(other: &str, asked: &str) -> Option<String> {
    (other != asked).then(|| format!("{other} is taken for {asked}"))
}

fn fits(row: &Build, definition: &Definition) -> bool {
    row.definition.as_ref().is_none_or(|id| *id == definition.id)
}

/// How long the image of a definition builds.
fn build_length(definition: &Definition, desk: &mut Desk<'_>) -> Duration {
    let row = desk.options.builds.iter().find(|row| fits(row, definition));
    let length = row.and_then(|row| row.length.as_ref()).unwrap_or(&desk.options.build_length);
    let subject = Subject::new(Kind::Definition, desk.world.name(&definition.id));
    let seed = desk.world.draw("build", subject, 0, u64::MAX);
    length.sample(&mut Streams::new(seed).stream("build", "", 0))
}
