//! The state as the control plane's API shows it: the answer of `GET /deployment_groups/{id}` for a group.
//! Source of the form: the Deployment Groups page of OCI AI Blueprints, "Deployment Groups API Response".

use serde_json::{Value, json};

use super::controller::Oci;
use crate::kernel::Time;

/// What the API shows: a group as `GET /deployment_groups/{id}` does, single deployments as a list of the same objects.
pub fn state(oci: &Oci) -> Value {
    let deployments: Vec<Value> = (0..oci.memory.members.len()).map(|index| deployment(oci, index)).collect();
    match (&oci.document.group, &oci.memory.group) {
        (Some(named), Some(group)) => json!({
            "deployment_group_id": group.uuid,
            "deployment_group_name": named.text,
            "creation_date": date(oci, oci.memory.submitted_at),
            "deployments": deployments,
        }),
        _ => json!({ "deployments": deployments }),
    }
}

/// The answer of `GET /deployment_groups` for these control planes' groups.
pub fn list<'a>(all: impl IntoIterator<Item = &'a Oci>) -> Value {
    let groups: Vec<Value> = all.into_iter().filter(|oci| oci.memory.group.is_some()).map(state).collect();
    json!({ "deployment_groups": groups })
}

fn deployment(oci: &Oci, index: usize) -> Value {
    let (member, progress) = (&oci.document.members[index], &oci.memory.members[index]);
    let mut shown = json!({
        "mode": member.recipe.mode.text(),
        "recipe_id": member.recipe.recipe_id,
        "deployment_uuid": progress.uuid,
        "deployment_name": progress.names.deployment,
        "sub_deployment_name": member.name.text,
        "deployment_status": progress.state.text(),
        "creation_date": date(oci, progress.created_at),
    });
    if oci.document.group.is_none()
        && let Some(shown) = shown.as_object_mut()
    {
        shown.shift_remove("sub_deployment_name");
    }
    shown
}

/// An instant of the run as a wall clock shows it: `2025-01-15 14:30:00 UTC`.
fn date(oci: &Oci, at: Time) -> String {
    let since_epoch = i64::try_from(at.nanos() / 1_000_000_000).unwrap_or(i64::MAX);
    show(oci.options.epoch_seconds.saturating_add(since_epoch))
}

fn show(seconds: i64) -> String {
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02} UTC", rest / 3600, rest / 60 % 60, rest % 60)
}

/// Year, month and day of a number of days since 1970-01-01: H. Hinnant, "chrono-compatible low-level date algorithms".
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_dates_as_the_api_does() {
        assert_eq!(show(1_736_951_400), "2025-01-15 14:30:00 UTC");
        assert_eq!(show(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(show(1_709_210_096), "2024-02-29 12:34:56 UTC");
        assert_eq!(show(-1), "1969-12-31 23:59:59 UTC");
    }
}
