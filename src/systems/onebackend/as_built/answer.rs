//! What is written once a START was answered: the deployment is OK and its instance is registered, or it is in Error.
//! Source: 1backend/1backend 1305defcf2b8, server/internal/services/deploy/deploy_loop.go (executeStartCommand) and
//! server/internal/services/container/http_run_container.go.

use super::address::Url;
use super::cycle::{Cycle, Panic};
use super::{Desk, Loop};
use crate::systems::onebackend::store::DeploymentStatus;
use crate::timeline::{Cause, Why};

/// What the container service answers to whoever asks, whatever went wrong.
const HIDDEN: &str = "Internal Server Error";

impl Loop {
    /// The container runs, as far as the container service can tell: the deployment is OK before anybody asks whether it answers.
    pub(super) fn succeed(
        &mut self,
        deployment: &str,
        server: usize,
        instead: Option<String>,
        cycle: &Cycle,
        desk: &mut Desk<'_>,
    ) -> Result<(), Panic> {
        if let Some(position) = desk.store.deployment(deployment) {
            let row = &mut desk.store.deployments[position];
            let is_new = row.status != DeploymentStatus::Ok || !row.details.is_empty();
            row.status = DeploymentStatus::Ok;
            row.details.clear();
            if is_new || instead.is_some() {
                let why = instead.map_or(Why::NONE, |text| Why::symbol(desk.world.intern(&text)));
                row.cause = Cause::Entry(desk.world.note(row.subject, row.status.state(), why, row.cause));
            }
        }
        let port = cycle.definition(deployment).and_then(|definition| definition.ports.first());
        let Some(port) = port.copied() else {
            return Err(self.panic(deployment, "index out of range [0] with length 0", cycle, desk));
        };
        let url = Url::parse(&self.servers[server].url).of_instance(port.host);
        self.register(deployment, &url.text(), desk);
        Ok(())
    }

    /// The container service says no. The reason may stay in its log.
    pub(super) fn fail_container(&self, deployment: &str, reason: &str, desk: &mut Desk<'_>) {
        match desk.options.as_built.hides_errors {
            true => self.fail(deployment, HIDDEN, Some(reason), desk),
            false => self.fail(deployment, reason, None, desk),
        }
    }

    /// The deployment is in Error, and is tried again by the next cycle.
    pub(super) fn fail(&self, deployment: &str, details: &str, logged: Option<&str>, desk: &mut Desk<'_>) {
        let Some(position) = desk.store.deployment(deployment) else { return };
        let row = &mut desk.store.deployments[position];
        row.status = DeploymentStatus::Error;
        details.clone_into(&mut row.details);
        let text = match logged {
            Some(logged) => format!("{details}; the node's log has: {logged}"),
            None => details.to_owned(),
        };
        let why = Why::symbol(desk.world.intern(&text));
        row.cause = Cause::Entry(desk.world.note(row.subject, row.status.state(), why, row.cause));
    }
}
