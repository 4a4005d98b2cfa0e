//! What wakes the loops, whose turn it is, and when they wake themselves. Ticks at which nothing could change are not events: the
//! next one is planned only while a cycle or a scan would do something.
//! Source: 1backend/1backend 1305defcf2b8, server/internal/services/deploy/deploy_loop.go (loop, runCycle, cycle).

use super::cycle::{self, Cycle};
use super::docker::Phase;
use super::{Desk, Loop, scan, servers};
use crate::kernel::Time;
use crate::systems::onebackend::containers::{self, Seen};
use crate::systems::onebackend::profile::Options;
use crate::systems::onebackend::store::Store;
use crate::timeline::{Cause, Subject};
use crate::workload::{AskId, Outcome, Wake, World};

impl Loop {
    /// The servers start, and each begins with a cycle.
    pub fn begin(&mut self, store: &mut Store, options: &Options, cause: Cause, world: &mut dyn World) {
        world.watch_nodes();
        let mut desk = Desk { store, options, world, cause };
        self.hear(true, &mut desk);
        self.settle(&mut desk);
    }

    /// Anything that happened.
    pub fn woken(&mut self, wake: &Wake, store: &mut Store, options: &Options, cause: Cause, world: &mut dyn World) {
        let mut desk = Desk { store, options, world, cause };
        match wake {
            Wake::NodesChanged => self.hear(false, &mut desk),
            Wake::Changed(pod) => self.pod_changed(*pod, &mut desk),
            Wake::Answered(ask, outcome) => self.answered(*ask, *outcome, &mut desk),
            Wake::Timer(_) => self.timer(&mut desk),
            Wake::Submitted | Wake::Action(_) => {}
        }
        self.settle(&mut desk);
    }

    /// Servers come and go with their nodes.
    fn hear(&mut self, is_first: bool, desk: &mut Desk<'_>) {
        self.scan.keep_heartbeats(&self.servers, desk);
        let news = servers::hear(&mut self.servers, is_first, desk);
        for server in news.lost {
            let cause = self.servers[server].cause;
            self.docker.power_off(server, cause, desk.world);
            self.waiting.retain(|waits| *waits != server);
            // The lock of a database goes with the connection of the one that held it.
            if self.cycle.as_ref().is_some_and(|cycle| cycle.server == server) {
                self.cycle = None;
            }
        }
        for server in news.started {
            self.trigger(server, desk.options, desk.world.now());
        }
    }

    fn pod_changed(&mut self, pod: Subject, desk: &mut Desk<'_>) {
        let Some(position) = self.docker.of_pod(pod) else { return };
        let is_awaited = self.cycle.as_ref().and_then(|cycle| cycle.call.as_ref());
        let is_awaited = is_awaited.is_some_and(|call| call.waits_for(position));
        let one = &mut self.docker.containers[position];
        one.cause = desk.cause;
        match (one.phase, containers::look(pod, desk.world)) {
            (Phase::Running, Seen::Ended | Seen::Gone) => one.phase = Phase::Exited,
            // The call that it was started by is told by itself, unless its caller is gone.
            (Phase::Pulling, Seen::Running) if !is_awaited => one.phase = Phase::Running,
            (Phase::Pulling, Seen::Ended) if !is_awaited => one.phase = Phase::Exited,
            (Phase::Pulling, Seen::PullFails | Seen::NeverRan) if !is_awaited => {
                self.docker.remove(position, desk.cause, desk.world);
            }
            _ => {}
        }
    }

    /// What became of an ask: only that a container is refused says anything.
    fn answered(&mut self, ask: AskId, outcome: Outcome, desk: &mut Desk<'_>) {
        let (Outcome::Refused(reason) | Outcome::Failed(reason)) = outcome else { return };
        let asked = self.docker.containers.iter().position(|one| one.ask == Some(ask));
        if let Some(position) = asked {
            let reason = desk.world.text(reason);
            self.docker.containers[position].refusal = Some(reason);
        }
    }

    fn timer(&mut self, desk: &mut Desk<'_>) {
        let now = desk.world.now();
        if self.planned != Some(now) {
            return;
        }
        self.planned = None;
        let scans = self.servers.iter().find(|server| server.is_up);
        if !self.scan.is_busy() && scans.is_some_and(|server| server.ticks_at(desk.options.scan_interval, now)) {
            self.scan.begin(desk);
        }
        for position in self.looping(desk.options) {
            let server = &self.servers[position];
            if server.busy_since.is_none() && server.ticks_at(desk.options.loop_interval, now) {
                self.enqueue(position, now);
            }
        }
    }

    /// The servers that run the deploy loop and are up.
    fn looping(&self, options: &Options) -> Vec<usize> {
        let count = options.as_built.deploy_loops.map_or(usize::MAX, |count| count as usize);
        let up = self.servers.iter().enumerate().take(count).filter(|(_, server)| server.is_up);
        up.map(|(position, _)| position).collect()
    }

    /// A cycle is wanted of a server: now, or once it is done with the one it is at.
    pub(super) fn trigger(&mut self, server: usize, options: &Options, now: Time) {
        if !self.looping(options).contains(&server) {
            return;
        }
        match self.servers[server].busy_since {
            None => self.enqueue(server, now),
            Some(_) => self.servers[server].triggers += 1,
        }
    }

    /// A server stands in line for the lock.
    fn enqueue(&mut self, server: usize, now: Time) {
        self.servers[server].busy_since = Some(now);
        self.waiting.push_back(server);
    }

    /// What every wake ends with: cycles and scans go on as far as they can, and a timer is set for what comes next.
    pub(super) fn settle(&mut self, desk: &mut Desk<'_>) {
        self.scan.go_on(&self.servers, &self.docker, desk);
        loop {
            if let Some(mut cycle) = self.cycle.take() {
                if !self.go_on(&mut cycle, desk) {
                    self.cycle = Some(cycle);
                    break;
                }
                self.finish(cycle.server, desk);
            }
            let Some(server) = self.waiting.pop_front() else { break };
            self.cycle = Some(Cycle::begin(server, &self.servers, desk));
        }
        // What was registered meanwhile may have triggered a scan.
        self.scan.go_on(&self.servers, &self.docker, desk);
        self.plan(desk);
    }

    /// A cycle is over: a tick that came meanwhile waits in the ticker's channel, which holds one, and triggers wait for good.
    fn finish(&mut self, position: usize, desk: &Desk<'_>) {
        let (now, interval) = (desk.world.now(), desk.options.loop_interval);
        let server = &mut self.servers[position];
        let began = server.busy_since.take().unwrap_or(now);
        server.tick_waits |= server.has_ticked(interval, began, now);
        if server.tick_waits {
            server.tick_waits = false;
        } else if server.triggers > 0 {
            server.triggers -= 1;
        } else {
            return;
        }
        self.enqueue(position, now);
    }

    fn plan(&mut self, desk: &mut Desk<'_>) {
        let now = desk.world.now();
        if self.planned == Some(now) {
            return;
        }
        let mut next = vec![self.cycle.as_ref().and_then(Cycle::until), self.scan.until()];
        let scanner = self.servers.iter().position(|server| server.is_up);
        if let Some(scanner) = scanner
            && !self.scan.is_busy()
            && scan::is_needed(&self.servers, &self.docker, desk)
        {
            next.push(Some(self.servers[scanner].next_tick(desk.options.scan_interval, now)));
        }
        if self.cycle.is_none() && cycle::would_act(&self.servers, &self.told, desk) {
            let ticks = self.looping(desk.options).into_iter();
            next.extend(ticks.map(|at| Some(self.servers[at].next_tick(desk.options.loop_interval, now))));
        }
        if let Some(next) = next.into_iter().flatten().min()
            && self.planned != Some(next)
        {
            self.planned = Some(next);
            desk.world.wake_at(next, 0, desk.cause);
        }
    }
}
