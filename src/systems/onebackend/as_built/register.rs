//! The registration of an instance, and the triggers that follow it.
//! Source: 1backend/1backend 1305defcf2b8, server/internal/services/registry/http_register_instance.go.

use std::collections::BTreeMap;

use super::{Desk, Loop};
use crate::systems::onebackend::store::InstanceRow;
use crate::timeline::{Arg, Kind, Subject, Why};

/// How often a registration triggers; http_register_instance.go, line 78.
const TRIGGERS: u64 = 2;

impl Loop {
    /// Registers an instance. A row of this URL is copied under the new id rather than changed, so that one container has two.
    pub(super) fn register(&mut self, deployment: &str, url: &str, desk: &mut Desk<'_>) {
        let id = format!("inst_{deployment}_{}", next_number(deployment, &mut self.registered));
        let subject = Subject::new(Kind::Instance, desk.world.name(&id));
        let same = desk.store.instances.iter().find(|row| row.url == url);
        let shown = Arg::Text(desk.world.intern(url));
        let why = match same {
            Some(_) => Why::with("registered at {}, where another is already", shown),
            None => Why::with("registered at {}", shown),
        };
        let row = match same {
            Some(same) => InstanceRow { id, subject, deployment_id: deployment.to_owned(), ..same.clone() },
            None => InstanceRow {
                id,
                subject,
                deployment_id: deployment.to_owned(),
                url: url.to_owned(),
                node_url: String::new(),
                status: Default::default(),
                details: String::new(),
                slug: "deploy-svc".to_owned(),
                heard: false,
                last_heartbeat: None,
            },
        };
        let cause = desk.store.deployment(deployment).map_or(desk.cause, |at| desk.store.deployments[at].cause);
        desk.world.note(subject, row.status.state(), why, cause);
        desk.store.instances.push(row);
        // One channel wakes the scan and the heartbeat, and whichever reads it first has it.
        for trigger in 0..TRIGGERS {
            if desk.world.draw("registry-trigger", subject, trigger, 2) == 0 {
                self.scan.triggers += 1;
            }
        }
    }
}

/// The number of a deployment's next instance, once for each name. The real ids are random.
fn next_number(deployment: &str, registered: &mut BTreeMap<String, u64>) -> u64 {
    let number = registered.entry(deployment.to_owned()).or_default();
    *number += 1;
    *number
}
