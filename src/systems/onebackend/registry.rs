//! What the Registry Svc learns of nodes: each tells of itself and then sends heartbeats, which are computed when somebody reads
//! them. What a controller makes of it is not known here.
//! Source: 1backend/1backend 1305defcf2, server/internal/services/registry/node_heartbeat.go. A server tells of the zone in OB_AZ and
//! of the region in OB_REGION; as built, both are read from OB_AZ (server/internal/di/di.go, line 117).

use super::profile::{NodeFacts, Options, Profile};
use super::store::{NodeRow, Store};
use crate::kernel::Time;
use crate::timeline::Cause;
use crate::workload::World;

impl Store {
    /// Looks at the nodes: who is new, who fell silent, who is heard again. Rows stay until somebody removes them.
    /// Gives the positions of those of which something else is known now. `cause` is what led to the look.
    pub fn hear_nodes(&mut self, options: &Options, cause: Cause, world: &mut dyn World) -> Vec<usize> {
        let known = self.nodes.len();
        let now = world.now();
        for (subject, _) in world.observed_nodes(&[]) {
            if self.nodes.iter().any(|row| row.subject == subject) {
                continue;
            }
            let name = world.show(subject.name);
            let facts = options.nodes.iter().find(|facts| facts.name == name).cloned();
            let mut facts = facts.unwrap_or_else(|| NodeFacts { name: name.clone(), ..NodeFacts::default() });
            if options.profile == Profile::AsBuilt {
                facts.region.clone_from(&facts.zone);
            }
            let url = options.node_url.replace("{node}", &name);
            self.nodes.push(NodeRow { id: name, subject, url, facts, heard: true, last_heartbeat: now, cause });
        }
        let mut changed: Vec<usize> = (known..self.nodes.len()).collect();
        for (position, row) in self.nodes.iter_mut().enumerate() {
            let heard = world.hears(row.subject);
            if row.heard && !heard {
                row.last_heartbeat = row.heartbeat_at(now, options);
            } else if heard && !row.heard {
                row.last_heartbeat = now;
            }
            if row.heard != heard {
                // One look may be for several nodes, and what led to it is of the first alone.
                row.cause = world.fell_silent(row.subject).unwrap_or(cause);
                changed.push(position);
            }
            row.heard = heard;
        }
        changed
    }
}

impl NodeRow {
    /// When the node was last heard of, as of now.
    pub fn heartbeat_at(&self, now: Time, options: &Options) -> Time {
        if !self.heard {
            return self.last_heartbeat;
        }
        let interval = options.heartbeat_interval;
        self.last_heartbeat + interval * (now.since(self.last_heartbeat).nanos() / interval.nanos())
    }
}
