//! Which commands a cycle of the deploy loop gives: a pure function of what the registry lists. What a command does is not known
//! here.
//! Source: 1backend/1backend 1305defcf2b8, server/internal/services/deploy/allocator/command_producer.go.

use std::collections::BTreeSet;

use crate::systems::onebackend::store::InstanceStatus;

/// A node that uses this much of its CPU or more is passed over; command_producer.go, findAvailableNode.
pub const CPU_PERCENT_MAX: u32 = 80;

/// A node as the registry lists it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NodeRow {
    /// Its id.
    pub id: String,
    /// The URL of the server on it.
    pub url: String,
    /// How much of its CPU is used; `None`: it never said.
    pub cpu_percent: Option<u32>,
}

/// What the allocator reads of an instance.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InstanceRow {
    /// Its id.
    pub id: String,
    /// The deployment that it is of; services that register themselves have none.
    pub deployment: Option<String>,
    /// The node that it says it is on. Nothing ever stores it (http_register_instance.go), so this is `None`.
    pub node_url: Option<String>,
    /// False if it has no last heartbeat. Over the wire it always has one: Go writes a time that was never set as year 1.
    pub has_heartbeat: bool,
    /// What the last scan found.
    pub status: InstanceStatus,
}

/// What the allocator reads of a deployment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeploymentRow {
    /// Its id.
    pub id: String,
    /// How many instances it wants.
    pub replicas: i64,
}

/// One thing to do.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Command {
    /// Run the deployment's container on a node.
    Start {
        /// The deployment.
        deployment: String,
        /// The node's position in the list.
        node: usize,
    },
    /// Stop a container. It names no node, so that it goes to the server that runs the cycle.
    Kill {
        /// The deployment; `None` if the instance has none.
        deployment: Option<String>,
        /// The instance, where its health is the reason; `None` where there are too many.
        instance: Option<String>,
    },
}

/// The commands of a cycle, in the order in which they are carried out: deployments as they are listed, then instances.
pub fn commands(nodes: &[NodeRow], instances: &[InstanceRow], deployments: &[DeploymentRow]) -> Vec<Command> {
    let mut commands = Vec::new();
    for deployment in deployments {
        scale(deployment, nodes, instances, &mut commands);
    }
    let ill =
        instances.iter().filter(|instance| !instance.has_heartbeat || instance.status == InstanceStatus::Unreachable);
    commands.extend(ill.map(|instance| Command::Kill {
        deployment: instance.deployment.clone(),
        instance: Some(instance.id.clone()),
    }));
    commands
}

/// Brings the number of instances to what is wanted. Every row counts, whatever its health.
fn scale(deployment: &DeploymentRow, nodes: &[NodeRow], instances: &[InstanceRow], commands: &mut Vec<Command>) {
    let own = || instances.iter().filter(|instance| instance.deployment.as_ref() == Some(&deployment.id));
    let active = i64::try_from(own().count()).unwrap_or(i64::MAX);
    // The code marks the nodes of instances by URL and looks nodes up by id, so that these marks say nothing.
    let mut used: BTreeSet<&str> = own().filter_map(|instance| instance.node_url.as_deref()).collect();
    for _ in active..deployment.replicas {
        // Without a node left, a replica is dropped, and nobody is told.
        let Some(node) = nodes.iter().position(|node| is_available(node, &used)) else { break };
        used.insert(&nodes[node].id);
        commands.push(Command::Start { deployment: deployment.id.clone(), node });
    }
    let surplus = (deployment.replicas..active)
        .map(|_| Command::Kill { deployment: Some(deployment.id.clone()), instance: None });
    commands.extend(surplus);
}

/// Neither GPUs nor memory, neither region nor the age of the heartbeat are looked at.
fn is_available(node: &NodeRow, used: &BTreeSet<&str>) -> bool {
    !used.contains(node.id.as_str()) && node.cpu_percent.is_none_or(|percent| percent < CPU_PERCENT_MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn node(id: &str, cpu_percent: Option<u32>) -> NodeRow {
        NodeRow { id: id.to_owned(), url: format!("http://{id}:11337"), cpu_percent }
    }

    fn instance(id: &str, deployment: &str, status: InstanceStatus) -> InstanceRow {
        InstanceRow {
            id: id.to_owned(),
            deployment: Some(deployment.to_owned()),
            node_url: None,
            has_heartbeat: true,
            status,
        }
    }

    fn wanted(id: &str, replicas: i64) -> DeploymentRow {
        DeploymentRow { id: id.to_owned(), replicas }
    }

    fn start(deployment: &str, node: usize) -> Command {
        Command::Start { deployment: deployment.to_owned(), node }
    }

    fn surplus(deployment: &str) -> Command {
        Command::Kill { deployment: Some(deployment.to_owned()), instance: None }
    }

    fn ill(deployment: &str, instance: &str) -> Command {
        Command::Kill { deployment: Some(deployment.to_owned()), instance: Some(instance.to_owned()) }
    }

    /// Goal: scaling from one to two takes the node that already runs the first. Method: an instance without a node's URL, as
    /// the registry stores it, and one with it, which the code does not understand either.
    #[test]
    fn a_second_replica_goes_to_the_first_node_again() {
        let nodes = [node("a", None), node("b", None)];
        let mut first = instance("i1", "web", InstanceStatus::Healthy);
        assert_eq!(commands(&nodes, &[first.clone()], &[wanted("web", 2)]), [start("web", 0)]);
        first.node_url = Some(nodes[0].url.clone());
        assert_eq!(commands(&nodes, &[first], &[wanted("web", 2)]), [start("web", 0)]);
    }

    #[test]
    fn replicas_beyond_the_nodes_are_dropped() {
        let nodes = [node("a", None), node("b", None)];
        assert_eq!(commands(&nodes, &[], &[wanted("web", 5)]), [start("web", 0), start("web", 1)]);
    }

    #[test]
    fn a_dead_instance_is_killed_and_not_replaced() {
        let nodes = [node("a", None), node("b", None)];
        let dead = [instance("i1", "web", InstanceStatus::Unreachable)];
        assert_eq!(commands(&nodes, &dead, &[wanted("web", 1)]), [ill("web", "i1")]);
    }

    #[test]
    fn an_orphan_is_left_alone_while_it_is_well() {
        let nodes = [node("a", None)];
        assert_eq!(commands(&nodes, &[instance("i1", "gone", InstanceStatus::Healthy)], &[]), []);
        let dead = [instance("i1", "gone", InstanceStatus::Unreachable)];
        assert_eq!(commands(&nodes, &dead, &[]), [ill("gone", "i1")]);
    }

    #[test]
    fn surplus_is_killed_without_a_name() {
        let nodes = [node("a", None)];
        let three = ["i1", "i2", "i3"].map(|id| instance(id, "web", InstanceStatus::Healthy));
        assert_eq!(commands(&nodes, &three, &[wanted("web", 1)]), [surplus("web"), surplus("web")]);
    }

    #[test]
    fn without_a_node_there_is_no_command() {
        assert_eq!(commands(&[], &[], &[wanted("web", 1)]), []);
        assert_eq!(commands(&[node("a", Some(80))], &[], &[wanted("web", 1)]), []);
        assert_eq!(commands(&[node("a", Some(79))], &[], &[wanted("web", 1)]), [start("web", 0)]);
    }

    #[test]
    fn no_heartbeat_is_reason_enough_but_the_wire_always_has_one() {
        let mut never = instance("i1", "web", InstanceStatus::Unknown);
        assert_eq!(commands(&[], std::slice::from_ref(&never), &[wanted("web", 1)]), []);
        never.has_heartbeat = false;
        assert_eq!(commands(&[], &[never], &[wanted("web", 1)]), [ill("web", "i1")]);
    }

    fn statuses() -> impl Strategy<Value = InstanceStatus> {
        prop_oneof![
            Just(InstanceStatus::Unknown),
            Just(InstanceStatus::Healthy),
            Just(InstanceStatus::Degraded),
            Just(InstanceStatus::Unreachable)
        ]
    }

    proptest! {
        /// Goal: what holds of every cycle. A node is given to a deployment at most once, only below the threshold, never more
        /// than are missing; a deployment is not scaled up and down at once; every unreachable instance is killed once.
        #[test]
        fn a_cycle_keeps_its_rules(
            cpus in prop::collection::vec(prop::option::of(0..100_u32), 0..6),
            rows in prop::collection::vec((0..4_usize, statuses()), 0..12),
            replicas in prop::collection::vec(-1..7_i64, 0..4),
        ) {
            let nodes: Vec<_> = cpus.iter().enumerate().map(|(at, cpu)| node(&format!("n{at}"), *cpu)).collect();
            let instances: Vec<_> =
                rows.iter().enumerate().map(|(at, (of, status))| instance(&format!("i{at}"), &format!("d{of}"), *status)).collect();
            let deployments: Vec<_> =
                replicas.iter().enumerate().map(|(at, count)| wanted(&format!("d{at}"), *count)).collect();
            let given = commands(&nodes, &instances, &deployments);
            let free = nodes.iter().filter(|node| node.cpu_percent.is_none_or(|cpu| cpu < CPU_PERCENT_MAX)).count();
            for deployment in &deployments {
                let active = instances.iter().filter(|row| row.deployment.as_ref() == Some(&deployment.id)).count() as i64;
                let mut taken: Vec<usize> = given.iter().filter_map(|command| match command {
                    Command::Start { deployment: of, node } if *of == deployment.id => Some(*node),
                    _ => None,
                }).collect();
                let starts = taken.len() as i64;
                taken.sort_unstable();
                taken.dedup();
                prop_assert_eq!(taken.len() as i64, starts);
                prop_assert_eq!(starts, (deployment.replicas - active).max(0).min(free as i64));
                prop_assert!(taken.iter().all(|at| nodes[*at].cpu_percent.is_none_or(|cpu| cpu < CPU_PERCENT_MAX)));
                let kills = given.iter().filter(|command| **command == surplus(&deployment.id)).count() as i64;
                prop_assert_eq!(kills, (active - deployment.replicas).max(0));
            }
            let unreachable = instances.iter().filter(|row| row.status == InstanceStatus::Unreachable).count();
            let killed = given.iter().filter(|command| matches!(command, Command::Kill { instance: Some(_), .. })).count();
            prop_assert_eq!(killed, unreachable);
        }
    }
}
