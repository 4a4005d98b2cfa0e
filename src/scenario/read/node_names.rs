//! The names that the nodes of a scenario have, so that a fault cannot aim at a node that never is.

use std::collections::BTreeMap;

use super::Reader;
use crate::kernel::names::split;
use crate::scenario::model::{Cluster, NodeNaming};
use crate::text::Diagnostic;
use crate::text::decode::Spanned;
use crate::text::diagnostic::{nearest, quote};

/// The nodes that there can be.
pub(super) struct NodeNames {
    /// Pools, with the number of their nodes; `None`: they grow.
    pools: BTreeMap<String, Option<u32>>,
    single: Vec<String>,
}

impl NodeNames {
    /// Those of a cluster.
    pub fn of(cluster: &Cluster) -> NodeNames {
        let mut names = NodeNames { pools: BTreeMap::new(), single: Vec::new() };
        for entry in &cluster.nodes {
            match &entry.naming {
                NodeNaming::One(name) => names.single.push(name.clone()),
                NodeNaming::Pool { pool, count } => {
                    names.pools.insert(pool.clone(), entry.autoscale.is_none().then_some(*count));
                }
            }
        }
        names
    }

    fn has(&self, name: &str) -> bool {
        let of_pool = |(pool, ordinal): (&str, u32)| {
            self.pools.get(pool).is_some_and(|count| count.is_none_or(|count| ordinal < count))
        };
        self.single.iter().any(|one| one == name) || split(name).is_some_and(of_pool)
    }

    fn examples(&self) -> Vec<String> {
        let first = |pool: &String| format!("{pool}-0");
        self.single.iter().cloned().chain(self.pools.keys().map(first)).collect()
    }
}

impl Reader<'_, '_> {
    /// Reports a node that the cluster cannot have.
    pub(super) fn node_is_there(&mut self, name: &Spanned<String>) {
        let own = name.value.strip_prefix("Node/").unwrap_or(&name.value);
        let Some(names) = self.nodes.as_ref().filter(|names| !own.is_empty() && !names.has(own)) else { return };
        let examples = names.examples();
        let message = format!("the cluster has no node {}", quote(own));
        let error = Diagnostic::error(self.context.source, name.span, message);
        let error = match (names.pools.get(own), nearest(own, examples.iter().map(String::as_str))) {
            (Some(_), _) => error.help(format!("that is a pool; its first node is `{own}-0`")),
            (None, Some(near)) => error.help(format!("did you mean `{near}`?")),
            (None, None) => error.help(format!("its nodes are such as {}", quote(&examples.join(", ")))),
        };
        self.context.report(error);
    }
}
