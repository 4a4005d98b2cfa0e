//! What a graph is rendered as: one resource for each component, or Grove's cliques.
//!
//! Source: ai-dynamo/dynamo, deploy/operator/internal/controller/dgd_workload_provider.go and internal/features/gates.go; of 0.8.0
//! reconcileResources in dynamographdeployment_controller.go, which looks anew each time.

use super::keys;
use super::look::Look;
use super::pass::{Failure, Pass, Step};
use super::workloads::FAILED;
use crate::systems::dynamo::profile::Provider;
use crate::timeline::Kind;

/// Chooses, and remembers the choice.
pub fn choose(look: &mut Look, pass: &mut Pass<'_>) -> Step<Provider> {
    let has_grove = pass.options.provider == Provider::Grove;
    if !pass.options.operator.is_1_5() {
        return Ok(intent(look, has_grove));
    }
    let chosen = match look.annotation(keys::PROVIDER) {
        Some(text) => parse(text)?,
        None => {
            let chosen = owned(look, pass).unwrap_or_else(|| intent(look, has_grove));
            let text = chosen.text().to_owned();
            look.annotate(pass, |annotations| drop(annotations.insert(keys::PROVIDER.to_owned(), text)))
                .map_err(|refusal| Failure::write(FAILED, "persist workload provider", &refusal))?;
            chosen
        }
    };
    if chosen == Provider::Grove && !has_grove {
        let message = "selected workload provider \"grove\" is unavailable because Grove is disabled";
        let failure = Failure::new("selected_workload_provider_unavailable", message);
        return Err(Failure { is_terminal: true, ..failure });
    }
    Ok(chosen)
}

fn parse(text: &str) -> Step<Provider> {
    match text {
        "component" => Ok(Provider::Component),
        "grove" => Ok(Provider::Grove),
        _ => {
            let message = format!("unsupported workload provider: {text:?}");
            Err(Failure { is_terminal: true, ..Failure::new("unsupported_workload_provider", message) })
        }
    }
}

/// Grove where it is there, unless the graph opts out.
fn intent(look: &Look, has_grove: bool) -> Provider {
    let opts_out = look.annotation(keys::ENABLE_GROVE).is_some_and(|text| text.eq_ignore_ascii_case("false"));
    if has_grove && !opts_out { Provider::Grove } else { Provider::Component }
}

/// What a graph that remembers nothing has already.
fn owned(look: &Look, pass: &Pass<'_>) -> Option<Provider> {
    let owned = pass.owned(Kind::DynamoComponentDeployment, look.key);
    let is_own = owned.iter().any(|one| one.meta.owner.is_some_and(|owner| owner.uid == look.meta.uid));
    is_own.then_some(Provider::Component)
}
