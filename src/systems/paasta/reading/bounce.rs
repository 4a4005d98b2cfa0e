//! How a new version takes the place of the old: the keys that begin with `bounce_`.

use super::Fields;
use crate::systems::paasta::model::{Bounce, BounceMethod};
use crate::text::Node;

/// Reads them.
pub fn read(fields: &Fields<'_>) -> Bounce {
    let method = fields.get("bounce_method").and_then(Node::as_str);
    let method = BounceMethod::ALL.into_iter().find(|known| Some(known.text()) == method);
    let health = fields.map("bounce_health_params");
    Bounce {
        method: method.unwrap_or_default(),
        margin_factor: fields.decimal("bounce_margin_factor"),
        overprovision_factor: fields.decimal("bounce_overprovision_factor"),
        min_task_uptime: health.as_ref().and_then(|health| health.seconds("min_task_uptime")),
        check_haproxy: health.as_ref().and_then(|health| health.truth("check_haproxy")),
        check_envoy: health.as_ref().and_then(|health| health.truth("check_envoy")),
        start_deadline: fields.seconds("bounce_start_deadline"),
        priority: fields.whole("bounce_priority"),
    }
}
