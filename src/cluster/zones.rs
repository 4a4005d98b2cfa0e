//! The pace at which nodes that are not ready get the taint that evicts: a queue and a rate for each zone, slower or none
//! while much of the zone is lost. Source: k8s.io/kubernetes v1.36.3, pkg/controller/nodelifecycle
//! (monitorNodeHealth, handleDisruption, ComputeZoneState) and scheduler/rate_limited_queue.go.

use std::collections::{BTreeSet, VecDeque};

use super::lifecycle::ReadyCondition;
use super::taints::{NOT_READY, UNREACHABLE, no_execute};
use super::{Class, Cluster, Event, NodeId, Profile, Symbol, Why};
use crate::kernel::{Duration, Time};
use crate::workload::{Taint, TaintEffect};

/// How much of a zone is lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum ZoneState {
    /// Little or nothing.
    #[default]
    Normal,
    /// Most of it, and more than two nodes.
    Partial,
    /// All of it.
    Full,
}

/// Nodes of one region and zone. A label that changes later moves no node.
#[derive(Clone, Debug)]
struct Zone {
    region: Symbol,
    zone: Symbol,
    nodes: u32,
    unready: u32,
    state: ZoneState,
    /// Nodes that wait for their taint, in the order in which they were found.
    waiting: VecDeque<NodeId>,
    /// Time between two taints; `None`: there are none.
    interval: Option<Duration>,
    /// When the next may come.
    next_at: Time,
}

/// All zones, and what the monitor has still to look at.
#[derive(Clone, Debug, Default)]
pub struct Zones {
    zones: Vec<Zone>,
    /// Nodes that are not ready, or have been since their taints were last looked at.
    pub attention: BTreeSet<NodeId>,
    monitor_at: Option<Time>,
    pass_planned: bool,
}

impl Zone {
    fn state_now(&self, profile: &Profile) -> ZoneState {
        // float32(unready)/float32(nodes) >= 0.55 in the source: for whole numbers below 2^20 this is the same.
        let mostly = u64::from(self.unready) * 100 >= u64::from(self.nodes) * u64::from(profile.unhealthy_zone_percent);
        match self.unready {
            0 => ZoneState::Normal,
            all if all == self.nodes => ZoneState::Full,
            3.. if mostly => ZoneState::Partial,
            _ => ZoneState::Normal,
        }
    }

    /// Another pace; one that was waited for is waited for at the new pace (`SwapLimiter`).
    fn swap(&mut self, interval: Option<Duration>, now: Time) {
        if self.interval != interval {
            let waits = self.interval.is_none() || now < self.next_at;
            self.next_at = if waits { now + interval.unwrap_or_default() } else { now };
            self.interval = interval;
        }
    }

    /// Sets the pace that goes with a state (`setLimiterInZone`).
    fn pace(&mut self, state: ZoneState, profile: &Profile, now: Time) {
        let interval = match state {
            ZoneState::Partial if self.nodes > profile.large_zone_nodes => Some(profile.taint_interval_partial),
            ZoneState::Partial => None,
            ZoneState::Normal | ZoneState::Full => Some(profile.taint_interval),
        };
        self.swap(interval, now);
        self.state = state;
    }
}

impl Zones {
    /// A node joins a zone; its number.
    pub fn join(&mut self, region: Symbol, zone: Symbol, interval: Duration) -> u32 {
        let at = self.zones.iter().position(|one| (one.region, one.zone) == (region, zone)).unwrap_or_else(|| {
            let (state, waiting) = (ZoneState::Normal, VecDeque::new());
            let interval = Some(interval);
            self.zones.push(Zone { region, zone, nodes: 0, unready: 0, state, waiting, interval, next_at: Time::ZERO });
            self.zones.len() - 1
        });
        self.zones[at].nodes += 1;
        at as u32
    }

    /// The condition of a node of the zone has changed.
    pub fn count_condition(&mut self, zone: u32, was: ReadyCondition, is: ReadyCondition) {
        let zone = &mut self.zones[zone as usize];
        let unready = |condition| u32::from(condition != ReadyCondition::True);
        zone.unready = zone.unready - unready(was) + unready(is);
    }

    /// A node has left.
    pub fn forget(&mut self, id: NodeId, zone: u32, condition: ReadyCondition) {
        self.count_condition(zone, condition, ReadyCondition::True);
        let zone = &mut self.zones[zone as usize];
        zone.nodes -= 1;
        zone.waiting.retain(|other| *other != id);
        self.attention.remove(&id);
    }
}

impl Cluster {
    /// Has the node monitor look at this time.
    pub(super) fn plan_monitor(&mut self, at: Time) {
        if self.zones.monitor_at.is_none_or(|planned| at < planned) {
            self.zones.monitor_at = Some(at);
            self.schedule(at, Class::BUILT_IN, Event::NodeMonitor);
        }
    }

    /// A node joined or left while others are not ready: the zone may be in another state at the next tick.
    pub(super) fn zones_changed(&mut self) {
        if !self.zones.attention.is_empty() {
            let at = self.queue.now().ceil_to(Time::ZERO, self.profile.node_monitor_period);
            self.plan_monitor(at);
        }
    }

    /// The controllers have started again: what a tick would have found meanwhile, the next one finds.
    pub(super) fn monitor_anew(&mut self) {
        self.zones.monitor_at = None;
        self.zones_changed();
    }

    /// Handles [`Event::NodeMonitor`]: one tick of the node monitor, as far as it changes anything.
    pub(super) fn on_node_monitor(&mut self) {
        if self.zones.monitor_at != Some(self.queue.now()) {
            return;
        }
        self.zones.monitor_at = None;
        for id in self.zones.attention.clone() {
            self.process_taint_base_eviction(id);
        }
        self.handle_disruption();
        self.plan_taint_pass();
    }

    fn process_taint_base_eviction(&mut self, id: NodeId) {
        let condition = self.kubelet(id).condition;
        let Some(cause) = self.condition_cause(id) else { return };
        let Some(key) = condition.taint() else {
            self.zones.attention.remove(&id);
            self.unqueue_taint(id);
            self.drop_lifecycle_taints(id);
            return;
        };
        let opposite = if key == NOT_READY { UNREACHABLE } else { NOT_READY };
        let taints = &self.nodes.get(id).taints;
        let has = |key: &str| taints.iter().any(|taint| taint.effect == TaintEffect::NoExecute && taint.key == key);
        if has(opposite) {
            let mut taints = taints.to_vec();
            taints.retain(|taint| taint.effect != TaintEffect::NoExecute || taint.key != opposite);
            taints.push(no_execute(key));
            let cause = self.note_node(id, "Tainted", tainted(key), cause);
            self.set_taints(id, taints, cause);
        } else if !has(key) {
            let zone = self.kubelet(id).zone as usize;
            let waiting = &mut self.zones.zones[zone].waiting;
            if !waiting.contains(&id) {
                waiting.push_back(id);
            }
        }
    }

    fn unqueue_taint(&mut self, id: NodeId) {
        let zone = self.kubelet(id).zone as usize;
        self.zones.zones[zone].waiting.retain(|other| *other != id);
    }

    /// Takes the taints off that this controller set to evict (`markNodeAsReachable`).
    fn drop_lifecycle_taints(&mut self, id: NodeId) {
        let ours = |taint: &Taint| {
            taint.effect == TaintEffect::NoExecute && [NOT_READY, UNREACHABLE].contains(&taint.key.as_str())
        };
        let mut taints = self.nodes.get(id).taints.to_vec();
        if let (true, Some(cause)) = (taints.iter().any(ours), self.condition_cause(id)) {
            taints.retain(|taint| !ours(taint));
            let cause = self.note_node(id, "Untainted", Why::text("NoExecute"), cause);
            self.set_taints(id, taints, cause);
        }
    }

    /// Sets the pace of each zone by how much of it is lost; while all zones are lost altogether nothing is evicted.
    fn handle_disruption(&mut self) {
        let now = self.queue.now();
        let states: Vec<ZoneState> = self.zones.zones.iter().map(|zone| zone.state_now(&self.profile)).collect();
        let zones = || self.zones.zones.iter().zip(&states).filter(|(zone, _)| zone.nodes > 0);
        let all_are_lost = zones().all(|(_, state)| *state == ZoneState::Full);
        let all_were_lost = zones().all(|(zone, _)| zone.state == ZoneState::Full && zone.interval.is_none());
        if all_are_lost {
            if !all_were_lost {
                for id in self.zones.attention.clone() {
                    self.drop_lifecycle_taints(id);
                    // The next tick would put it back into the queue, which stands still.
                    self.process_taint_base_eviction(id);
                }
            }
            for zone in &mut self.zones.zones {
                zone.swap(None, now);
                zone.state = ZoneState::Full;
            }
            return;
        }
        for (zone, state) in self.zones.zones.iter_mut().zip(states) {
            if all_were_lost || zone.state != state {
                zone.pace(state, &self.profile, now);
            }
        }
    }

    fn plan_taint_pass(&mut self) {
        let zones = self.zones.zones.iter().filter(|zone| !zone.waiting.is_empty() && zone.interval.is_some());
        let Some(earliest) = zones.map(|zone| zone.next_at).min().filter(|_| !self.zones.pass_planned) else { return };
        let pass = self.profile.taint_pass;
        let at = earliest.max(self.queue.now() + pass).ceil_to(Time::ZERO, pass);
        self.zones.pass_planned = true;
        self.schedule(at, Class::COMPLETION, Event::TaintPass);
    }

    /// Handles [`Event::TaintPass`]: nodes that wait get the taint that evicts, at the pace of their zone.
    pub(super) fn on_taint_pass(&mut self) {
        self.zones.pass_planned = false;
        let now = self.queue.now();
        for index in 0..self.zones.zones.len() {
            let zone = &mut self.zones.zones[index];
            let (Some(interval), true) = (zone.interval, now >= zone.next_at) else { continue };
            let Some(id) = zone.waiting.pop_front() else { continue };
            zone.next_at = now + interval;
            let condition = self.kubelet(id).condition;
            let (Some(cause), Some(key)) = (self.condition_cause(id), condition.taint()) else { continue };
            let mut taints = self.nodes.get(id).taints.to_vec();
            taints.push(no_execute(key));
            let cause = self.note_node(id, "Tainted", tainted(key), cause);
            self.set_taints(id, taints, cause);
        }
        self.plan_taint_pass();
    }
}

fn tainted(key: &str) -> Why {
    Why::text(if key == NOT_READY { "not-ready:NoExecute" } else { "unreachable:NoExecute" })
}
