//! The registry's scan of instances: one port after the other is dialled, and what was found is written. Every server scans; as
//! their tickers began together, they find the same, and the first that is up stands for all.
//! Source: 1backend/1backend 1305defcf2b8, server/internal/services/registry/instance_scan.go.

use std::collections::VecDeque;

use super::Desk;
use super::address::{Url, dialled};
use super::docker::Docker;
use super::servers::Server;
use crate::kernel::{Duration, Time};
use crate::systems::onebackend::profile::Options;
use crate::systems::onebackend::store::{InstanceRow, InstanceStatus};
use crate::timeline::{Cause, Why};
use crate::workload::Dial;

/// A scan, and what waits for the next.
#[derive(Clone, Debug, Default)]
pub struct Scan {
    /// Instances that are still to be dialled.
    queue: VecDeque<String>,
    /// Since when it goes on.
    busy_since: Option<Time>,
    /// The dial that is under way.
    dial: Option<Dialling>,
    /// Triggers that reached the scan and not the heartbeat.
    pub triggers: u32,
}

/// A dial that takes its time.
#[derive(Clone, Debug)]
struct Dialling {
    instance: String,
    until: Time,
    found: Found,
}

/// What a dial comes to.
#[derive(Clone, Debug)]
pub struct Found {
    /// What the instance is then.
    pub status: InstanceStatus,
    /// How long it takes.
    pub takes: Duration,
    /// What the network said.
    pub why: Why,
    /// What led to it; `None`: nothing beyond its registration.
    pub cause: Option<Cause>,
}

/// What a dial of a URL would come to now.
pub fn reach(url: &str, servers: &[Server], docker: &Docker, desk: &mut Desk<'_>) -> Found {
    let refused = |why, cause| Found { status: InstanceStatus::Unreachable, takes: Duration::ZERO, why, cause };
    let (host, port) = match dialled(url) {
        Ok(address) => address,
        Err(reason) => return refused(Why::symbol(desk.world.intern(&reason)), None),
    };
    let Some(position) = servers.iter().position(|server| Url::parse(&server.url).hostname() == host) else {
        let reason = format!("lookup {host}: no such host");
        return refused(Why::symbol(desk.world.intern(&reason)), None);
    };
    let server = &servers[position];
    if !server.is_up {
        let takes = desk.options.dial_timeout;
        let why = Why::text("i/o timeout");
        return Found { status: InstanceStatus::Unreachable, takes, why, cause: Some(server.cause) };
    }
    let behind = docker.behind(position, port);
    let cause = behind.map(|one| one.cause).or_else(|| docker.last_cause(position, port));
    let is_taken = match behind.and_then(|one| one.pod) {
        Some(pod) => desk.world.dial(pod) == Dial::Accepted,
        None => false,
    };
    if !is_taken {
        return refused(Why::text("connection refused"), cause);
    }
    let takes = desk.options.as_built.dial_length.min(desk.options.dial_timeout);
    let status = super::health::after(takes, desk.options);
    Found { status, takes, why: Why::NONE, cause }
}

/// True if a scan would find something that is not written yet.
pub fn is_needed(servers: &[Server], docker: &Docker, desk: &mut Desk<'_>) -> bool {
    let rows: Vec<(String, InstanceStatus)> =
        desk.store.instances.iter().map(|row| (row.url.clone(), row.status)).collect();
    rows.iter().any(|(url, status)| reach(url, servers, docker, desk).status != *status)
}

impl Scan {
    /// When a dial under way ends.
    pub fn until(&self) -> Option<Time> {
        self.dial.as_ref().map(|dial| dial.until)
    }

    /// True while it goes on.
    pub const fn is_busy(&self) -> bool {
        self.busy_since.is_some()
    }

    /// When an instance last answered, as of now. Scans that would find nothing new are no events: what they would have written is
    /// computed here, up to the one that goes on, which writes by itself.
    pub fn heartbeat(&self, row: &InstanceRow, servers: &[Server], options: &Options, now: Time) -> Option<Time> {
        if !matches!(row.status, InstanceStatus::Healthy | InstanceStatus::Degraded) {
            return row.last_heartbeat;
        }
        let scanner = servers.iter().find(|server| server.is_up);
        let last = scanner.and_then(|server| match self.busy_since {
            Some(began) => server.tick_before(options.scan_interval, began),
            None => server.last_tick(options.scan_interval, now),
        });
        row.last_heartbeat.max(last)
    }

    /// Writes down when each instance last answered, before the server that scans may become another.
    pub fn keep_heartbeats(&self, servers: &[Server], desk: &mut Desk<'_>) {
        // What ticks at this instant is still to come.
        let before = desk.world.now().before();
        for row in &mut desk.store.instances {
            row.last_heartbeat = self.heartbeat(row, servers, desk.options, before);
        }
    }

    /// Begins, with all instances that there are.
    pub fn begin(&mut self, desk: &Desk<'_>) {
        self.queue = desk.store.instances.iter().map(|row| row.id.clone()).collect();
        self.busy_since = Some(desk.world.now());
    }

    /// Goes on as far as it can at this instant.
    pub fn go_on(&mut self, servers: &[Server], docker: &Docker, desk: &mut Desk<'_>) {
        let now = desk.world.now();
        loop {
            if self.busy_since.is_none() {
                if self.triggers == 0 {
                    return;
                }
                self.triggers -= 1;
                self.begin(desk);
            }
            match self.dial.take() {
                Some(dial) if dial.until > now => {
                    self.dial = Some(dial);
                    return;
                }
                Some(dial) => self.write(&dial.instance, &dial.found, servers, desk),
                None => match self.queue.pop_front() {
                    Some(instance) => self.dial_next(instance, servers, docker, desk),
                    None => self.end(servers, desk),
                },
            }
        }
    }

    fn dial_next(&mut self, instance: String, servers: &[Server], docker: &Docker, desk: &mut Desk<'_>) {
        let Some(row) = desk.store.instances.iter().find(|row| row.id == instance) else { return };
        let url = row.url.clone();
        let found = reach(&url, servers, docker, desk);
        let until = desk.world.now() + found.takes;
        self.dial = Some(Dialling { instance, until, found });
    }

    /// A tick that came meanwhile waits in the ticker's channel.
    fn end(&mut self, servers: &[Server], desk: &Desk<'_>) {
        let (now, interval) = (desk.world.now(), desk.options.scan_interval);
        let began = self.busy_since.take().unwrap_or(now);
        let ticker = servers.iter().find(|server| server.is_up);
        if ticker.is_some_and(|server| server.has_ticked(interval, began, now)) {
            self.triggers += 1;
        }
    }

    /// Writes what was found, if it is not what is known.
    fn write(&self, instance: &str, found: &Found, servers: &[Server], desk: &mut Desk<'_>) {
        let now = desk.world.now();
        let cause = found.cause.unwrap_or(desk.cause);
        let Some(row) = desk.store.instances.iter_mut().find(|row| row.id == instance) else { return };
        row.last_heartbeat = match found.status {
            InstanceStatus::Unreachable => self.heartbeat(row, servers, desk.options, now),
            _ => Some(now),
        };
        if row.status != found.status {
            tell(row, found.status, found.why, cause, desk.world);
        }
    }
}

/// Gives an instance a status, and writes it down.
pub fn tell(
    row: &mut InstanceRow,
    status: InstanceStatus,
    why: Why,
    cause: Cause,
    world: &mut dyn crate::workload::World,
) {
    row.status = status;
    world.note(row.subject, status.state(), why, cause);
}
