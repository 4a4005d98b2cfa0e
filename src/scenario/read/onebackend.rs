//! Reads the profile of 1Backend. A setting that the profile does not know is an error: it would have no effect.

use super::Reader;
use crate::kernel::Distribution;
use crate::scenario::file::OneBackendFile;
use crate::scenario::model::{Cluster, NodeEntry};
use crate::scenario::values::{Length, RowOrderValue};
use crate::systems::onebackend::as_built::AsBuilt;
use crate::systems::onebackend::{Documented, Options, Profile};
use crate::text::Span;
use crate::text::decode::{Spanned, Table};

impl Reader<'_, '_> {
    /// The profile; the nodes and how images build are added from the rest of the scenario.
    pub(super) fn onebackend(&mut self, file: Option<OneBackendFile>, epoch_seconds: i64) -> Options {
        let default = Options { epoch_seconds, ..Options::default() };
        let Some(file) = file else { return default };
        let profile = file.profile.map_or(default.profile, |profile| profile.0);
        let documented = self.documented(&file, profile, &default.documented);
        let as_built = self.as_built(&file, profile, &default.as_built);
        let node_url = self.node_url(file.node_url.as_ref()).unwrap_or(default.node_url.clone());
        let percent = match &file.node_cpu_percent_max {
            Some(percent) => self.count(percent, 100, "`node_cpu_percent_max`").unwrap_or(default.node_cpu_percent_max),
            None => default.node_cpu_percent_max,
        };
        Options {
            profile,
            loop_interval: self.period(file.loop_interval.as_ref()).unwrap_or(default.loop_interval),
            scan_interval: self.period(file.scan_interval.as_ref()).unwrap_or(default.scan_interval),
            dial_timeout: file.dial_timeout.map_or(default.dial_timeout, |length| length.0),
            degraded_after: file.degraded_after.map_or(default.degraded_after, |length| length.0),
            heartbeat_interval: self.period(file.heartbeat_interval.as_ref()).unwrap_or(default.heartbeat_interval),
            node_cpu_percent_max: percent,
            documented,
            as_built,
            node_url,
            secrets: file.secrets.unwrap_or_default().into_iter().collect(),
            env: file.env.unwrap_or_default().into_iter().collect(),
            build_length: file.build_length.map_or(default.build_length, |length| Distribution::Constant(length.0)),
            ..default
        }
    }

    /// What only the documented profile has.
    fn documented(&mut self, file: &OneBackendFile, profile: Profile, default: &Documented) -> Documented {
        let spans = [
            ("attempts_max", file.attempts_max.as_ref().map(|one| one.span)),
            ("start_deadline", file.start_deadline.as_ref().map(|one| one.span)),
            ("node_timeout", file.node_timeout.as_ref().map(|one| one.span)),
            ("drain", file.drain.as_ref().map(|one| one.span)),
            ("max_unavailable", file.max_unavailable.as_ref().map(|one| one.span)),
            ("max_surge", file.max_surge.as_ref().map(|one| one.span)),
            ("scale_down_after", file.scale_down_after.as_ref().map(|one| one.span)),
            ("tolerance_percent", file.tolerance_percent.as_ref().map(|one| one.span)),
        ];
        for (key, span) in spans {
            if let Some(span) = span.filter(|_| profile != Profile::Documented) {
                self.context.error(span, format!("`{key}` has no effect with the profile `{}`", profile.text()));
            }
        }
        let attempts_max = match &file.attempts_max {
            Some(attempts) => self.count(attempts, 1_000_000, "`attempts_max`").unwrap_or(default.attempts_max),
            None => default.attempts_max,
        };
        let number = |given: &Option<Spanned<u32>>, default| given.as_ref().map_or(default, |given| given.value);
        Documented {
            attempts_max,
            start_deadline: self.period(file.start_deadline.as_ref()).unwrap_or(default.start_deadline),
            node_timeout: self.period(file.node_timeout.as_ref()).unwrap_or(default.node_timeout),
            drain: file.drain.as_ref().map_or(default.drain, |length| length.value.0),
            max_unavailable: number(&file.max_unavailable, default.max_unavailable),
            max_surge: number(&file.max_surge, default.max_surge),
            scale_down_after: file.scale_down_after.as_ref().map_or(default.scale_down_after, |length| length.value.0),
            tolerance_percent: number(&file.tolerance_percent, default.tolerance_percent),
        }
    }

    /// A URL that names the node: two servers at one URL are one row.
    fn node_url(&mut self, given: Option<&Spanned<String>>) -> Option<String> {
        let given = given?;
        if !given.value.contains("{node}") {
            self.context.error(given.span, "`node_url` needs `{node}`, where each node's name goes".to_owned());
        }
        Some(given.value.clone())
    }

    /// There is a server for each deploy loop: one on each node.
    pub(super) fn servers_for(&mut self, loops: Option<(u32, Span)>, cluster: Option<&Cluster>) {
        let (Some((loops, span)), Some(cluster)) = (loops, cluster) else { return };
        let most = |entry: &NodeEntry| entry.autoscale.map_or(entry.naming.count(), |[_, most]| most);
        let nodes = cluster.nodes.iter().map(most).fold(0_u32, u32::saturating_add);
        if loops > nodes {
            let message =
                format!("the deploy loop cannot run on {loops} servers: there is one on each node, {nodes} in all");
            self.context.error(span, message);
        }
    }

    /// What only the as-built profile has.
    fn as_built(&mut self, file: &OneBackendFile, profile: Profile, default: &AsBuilt) -> AsBuilt {
        let spans = [
            ("deploy_loops", file.deploy_loops.as_ref().map(|one| one.span)),
            ("node_order", file.node_order.as_ref().map(|one| one.span)),
            ("deployment_order", file.deployment_order.as_ref().map(|one| one.span)),
            ("node_cpu_percent", file.node_cpu_percent.as_ref().map(|one| one.span)),
            ("dial_length", file.dial_length.as_ref().map(|one| one.span)),
            ("connect_timeout", file.connect_timeout.as_ref().map(|one| one.span)),
            ("answer_timeout", file.answer_timeout.as_ref().map(|one| one.span)),
            ("hides_errors", file.hides_errors.as_ref().map(|one| one.span)),
        ];
        for (key, span) in spans {
            if let Some(span) = span.filter(|_| profile != Profile::AsBuilt) {
                self.context.error(span, format!("`{key}` has no effect with the profile `{}`", profile.text()));
            }
        }
        let deploy_loops = file.deploy_loops.as_ref().map(|loops| loops.value);
        if let Some(loops) = file.deploy_loops.as_ref().filter(|loops| loops.value == 0) {
            self.context.error(loops.span, "a deploy loop must run on at least one server".to_owned());
        }
        let order = |given: &Option<Spanned<RowOrderValue>>, default| given.as_ref().map_or(default, |one| one.value.0);
        let length = |given: &Option<Spanned<Length>>, default| given.as_ref().map_or(default, |one| one.value.0);
        let percents = |table: &Spanned<Table<Spanned<u32>>>| {
            let rows = table.value.0.iter().map(|(node, percent)| (node.text.clone(), percent.value));
            rows.collect::<Vec<_>>()
        };
        AsBuilt {
            deploy_loops,
            node_order: order(&file.node_order, default.node_order),
            deployment_order: order(&file.deployment_order, default.deployment_order),
            node_cpu_percent: file.node_cpu_percent.iter().flat_map(percents).collect(),
            dial_length: length(&file.dial_length, default.dial_length),
            connect_timeout: length(&file.connect_timeout, default.connect_timeout),
            answer_timeout: length(&file.answer_timeout, default.answer_timeout),
            hides_errors: file.hides_errors.as_ref().map_or(default.hides_errors, |one| one.value),
        }
    }
}
