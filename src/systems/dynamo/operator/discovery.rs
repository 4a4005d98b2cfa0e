//! How frontends find workers, and what that costs their processes: a lease in etcd, or objects of Kubernetes itself.
//!
//! Source: ai-dynamo/dynamo, of 0.8.0 deploy/cloud/operator/internal/controller_common/predicate.go, GetDiscoveryBackend, and
//! lib/runtime/src/transports/etcd.rs with etcd/lease.rs; of 1.5.0 the same of deploy/operator and lib/runtime/src/discovery/kube.

use crate::kernel::Duration;
use crate::systems::dynamo::model::{Component, ComponentType};
use crate::systems::dynamo::plan::Role;
use crate::systems::dynamo::profile::{Discovery, Operator};
use crate::workload::pod::{ProcessLease, Registration};
use crate::workload::stage::Store;

/// How long a lease outlives its last sign: lib/runtime/src/transports/etcd.rs, the primary lease of a runtime.
const LEASE: Duration = Duration::from_secs(10);
/// How long a process of 1.5 that begins tries to reach etcd: lib/runtime/src/transports/etcd.rs since pull request 10799. It looks
/// every five to thirty seconds; here it goes on as soon as etcd is back. Before, the first failure ended it (#1188, #10798).
const STARTUP_CONNECT: Duration = Duration::from_secs(120);

/// How workers become known to frontends. With etcd they write themselves into it under a lease, and are reached through NATS.
/// Workers beside a leader serve nobody. With Kubernetes a frontend gathers changes for half a second before it looks at them
/// (lib/runtime/src/discovery/kube/daemon.rs, DEBOUNCE_DURATION): it sees workers late that come, and those that go, which serve on
/// meanwhile, as late. What it sees then is what was half a second before, and that is left out.
pub fn registration(component: &Component, role: Role, discovery: Discovery) -> Option<Registration> {
    if !component.component_type.is_worker() || role == Role::Worker {
        return None;
    }
    Some(match discovery {
        Discovery::Etcd => {
            Registration { stores: vec![Store::Etcd, Store::Nats], lease: Some(LEASE), takes: Duration::ZERO }
        }
        Discovery::Kubernetes => Registration { stores: Vec::new(), lease: None, takes: Duration::ZERO },
    })
}

/// What a process holds in etcd: its runtime takes a lease before all else, and shuts down when it is lost. Frontends and planners
/// have a runtime as workers do (#3493).
pub fn process_lease(
    component: &Component,
    role: Role,
    discovery: Discovery,
    operator: Operator,
) -> Option<ProcessLease> {
    let kind = &component.component_type;
    let has_runtime = kind.is_worker() || matches!(kind, ComponentType::Frontend | ComponentType::Planner);
    if !has_runtime || role == Role::Worker || discovery != Discovery::Etcd {
        return None;
    }
    let tries_for = if operator.is_1_5() { STARTUP_CONNECT } else { Duration::ZERO };
    Some(ProcessLease { store: Store::Etcd, lasts: LEASE, tries_for })
}
