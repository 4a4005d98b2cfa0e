//! The spread constraints of a pod, its own or those by default, and the keys that its terms name.

use super::rules::{Ruleset, SpreadDefaults};
use super::topology::{Key, Topologies};
use crate::cluster::node::{HOSTNAME_LABEL, Nodes, ZONE_LABEL};
use crate::cluster::profile::scheduling::{HOST_SKEW_MAX, ZONE_SKEW_MAX};
use crate::cluster::template::{SpreadId, Template};

/// Which pods a spread constraint counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Counted {
    /// Those that the selector of the template's own constraint at this place matches.
    Own(usize),
    /// Those of the pod's own set: a default constraint.
    Set,
}

/// A spread constraint.
#[derive(Clone, Debug)]
pub(super) struct Constraint {
    pub key: Key,
    pub is_hostname: bool,
    pub max_skew: u32,
    pub min_domains: usize,
    pub honors_affinity: bool,
    pub honors_taints: bool,
    pub counted: Counted,
    /// The pod counts itself.
    pub counts_itself: bool,
}

/// The keys that a template's own terms and constraints name.
#[derive(Clone, Default, Debug)]
pub(super) struct SpreadKeys {
    /// Of the terms that the pod must be beside.
    pub beside: Vec<Key>,
    /// The hard constraints.
    pub hard: Vec<Constraint>,
    /// The soft ones.
    pub soft: Vec<Constraint>,
    /// A node that is not in a place of every soft constraint gets no score.
    pub all_places: bool,
}

impl SpreadKeys {
    /// The keys of a pod's terms, and its constraints or the default ones.
    pub fn of(
        topologies: &mut Topologies,
        rules: &Ruleset,
        nodes: &Nodes,
        template: &Template,
        spread: SpreadId,
    ) -> SpreadKeys {
        let company = &template.company;
        let beside = company.beside.iter().map(|term| topologies.key(&term.topology_key, nodes)).collect();
        let mut keys = SpreadKeys { beside, all_places: true, ..SpreadKeys::default() };
        let hostname = HOSTNAME_LABEL;
        if !company.spreads.is_empty() {
            for (at, one) in company.spreads.iter().enumerate() {
                let constraint = Constraint {
                    key: topologies.key(&one.topology_key, nodes),
                    is_hostname: one.topology_key == hostname,
                    max_skew: one.max_skew,
                    min_domains: one.min_domains.unwrap_or(1) as usize,
                    honors_affinity: one.honors_affinity,
                    honors_taints: one.honors_taints,
                    counted: Counted::Own(at),
                    counts_itself: one.selector.matches(&company.labels),
                };
                if one.required { keys.hard.push(constraint) } else { keys.soft.push(constraint) }
            }
            return keys;
        }
        if spread == SpreadId::NONE {
            return keys;
        }
        let mut add = |label: &str, max_skew, required| {
            let constraint = Constraint {
                key: topologies.key(label, nodes),
                is_hostname: label == hostname,
                max_skew,
                min_domains: 1,
                honors_affinity: true,
                honors_taints: false,
                counted: Counted::Set,
                counts_itself: true,
            };
            if required { keys.hard.push(constraint) } else { keys.soft.push(constraint) }
        };
        match &rules.rules.spread {
            SpreadDefaults::System => {
                add(hostname, HOST_SKEW_MAX, false);
                add(ZONE_LABEL, ZONE_SKEW_MAX, false);
                keys.all_places = false;
            }
            SpreadDefaults::List(list) => {
                list.iter().for_each(|one| add(&one.topology_key, one.max_skew, one.required));
            }
        }
        keys
    }
}
