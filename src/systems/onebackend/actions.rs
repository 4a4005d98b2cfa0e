//! What operators do: save, remove, and scale, which is a save with another number of instances. `delete` and `undeploy` are the
//! same, `oo deployment remove`; `delete` removes a definition too. The `oo` client knows nothing else.

use super::controller::{Loop, OneBackend};
use super::model::REPLICAS_MAX;
use super::read;
use crate::text::diagnostic::quote;
use crate::timeline::{Arg, Cause, Kind, Subject, Why};
use crate::workload::{Action, World};

/// Does what an operator asks for.
///
/// # Errors
/// Why it is refused.
pub fn act(services: &mut OneBackend, action: &Action, cause: Cause, world: &mut dyn World) -> Result<(), String> {
    match action {
        Action::Apply(source) | Action::Replace(source) => {
            let read = read::documents(source, services.options.profile);
            let documents =
                read.map_err(|problems| problems.first().map_or_else(String::new, |first| first.message.clone()))?;
            services.save(&documents, cause, world);
            Ok(())
        }
        Action::Undeploy(target) => remove(services, target, cause, world),
        Action::Delete(target) => match target.split_once('/') {
            Some(("definition", id)) => remove_definition(services, id, cause, world),
            Some((kind @ ("instance" | "Node"), name)) => remove_row(services, kind, name, cause, world),
            _ => remove(services, target, cause, world),
        },
        Action::Scale(sizes) => {
            sizes.iter().try_for_each(|(target, size)| scale(services, target, *size, cause, world))
        }
        _ => Err("1Backend has no such operation: `oo` saves, removes and lists".to_owned()),
    }
}

/// How much an action is about these services: 2 if it is about what they have, 1 if they could take it.
pub fn interest(services: &OneBackend, action: &Action) -> u8 {
    let has = |target: &str| {
        if services.has_row(target) {
            return true;
        }
        let named = meant(target).or_else(|| target.strip_prefix("definition/"));
        named.is_some_and(|name| services.names().any(|known| known == name))
    };
    match action {
        Action::Apply(source) | Action::Replace(source) => match read::documents(source, services.options.profile) {
            Ok(read) if read.accepted.iter().any(|one| services.names().any(|known| known == one.id())) => 2,
            _ => 1,
        },
        Action::Undeploy(target) | Action::Delete(target) if has(target) => 2,
        Action::Scale(sizes) if sizes.iter().any(|(target, _)| has(target)) => 2,
        _ => 0,
    }
}

/// The id of the deployment that is meant: by its subject or by its id alone.
fn meant(target: &str) -> Option<&str> {
    match target.split_once('/') {
        Some(("deployment", id)) => Some(id),
        Some(_) => None,
        None => Some(target),
    }
}

fn position(services: &OneBackend, target: &str) -> Result<usize, String> {
    let found = meant(target).and_then(|id| services.store.deployment(id));
    found.ok_or_else(|| format!("there is no deployment {}", quote(target)))
}

fn remove(services: &mut OneBackend, target: &str, cause: Cause, world: &mut dyn World) -> Result<(), String> {
    let index = position(services, target)?;
    let row = services.store.deployments.remove(index);
    let cause = Cause::Entry(world.note(row.subject, "removed", Why::NONE, cause));
    world.want(row.subject, Some(0));
    services.with_loop(|deploy_loop, store, options| match deploy_loop {
        Loop::Documented(one) => one.removed(store, options, &row, cause, world),
        Loop::AsBuilt(one) => one.saved(store, options, cause, world),
    });
    Ok(())
}

/// A definition goes; who runs it is not asked.
fn remove_definition(services: &mut OneBackend, id: &str, cause: Cause, world: &mut dyn World) -> Result<(), String> {
    if services.store.definitions.remove(id).is_none() {
        return Err(format!("there is no definition {}", quote(id)));
    }
    let subject = Subject::new(Kind::Definition, world.name(id));
    let cause = Cause::Entry(world.note(subject, "removed", Why::NONE, cause));
    services.with_loop(|deploy_loop, store, options| match deploy_loop {
        Loop::Documented(one) => one.definition_changed(store, options, id, cause, world),
        Loop::AsBuilt(one) => one.definition_changed(store, options, cause, world),
    });
    Ok(())
}

/// A row of the registry goes: `oo instance remove` and `oo node remove`.
fn remove_row(
    services: &mut OneBackend,
    kind: &str,
    name: &str,
    cause: Cause,
    world: &mut dyn World,
) -> Result<(), String> {
    let mut done = Ok(());
    services.with_loop(|deploy_loop, store, options| match deploy_loop {
        Loop::Documented(_) => done = Err("instances and nodes are taken out of the registry by themselves".to_owned()),
        Loop::AsBuilt(one) if kind == "instance" => {
            done = one.remove_instance(name, store, options, cause, world);
        }
        Loop::AsBuilt(one) => done = one.remove_node(name, store, options, cause, world),
    });
    done
}

fn scale(
    services: &mut OneBackend,
    target: &str,
    size: u32,
    cause: Cause,
    world: &mut dyn World,
) -> Result<(), String> {
    let index = position(services, target)?;
    if size > REPLICAS_MAX {
        return Err(format!("a deployment has at most {REPLICAS_MAX} replicas here"));
    }
    let row = &mut services.store.deployments[index];
    let before = row.spec.replicas;
    // The server takes 0 for nothing said.
    row.spec.replicas = i32::try_from(size).unwrap_or(i32::MAX).max(1);
    let (now, before) = (row.spec.replicas.unsigned_abs(), before.unsigned_abs());
    let why = Why::with2("wants {} replicas rather than {}", Arg::Count(now.into()), Arg::Count(before.into()));
    let cause = Cause::Entry(world.note(row.subject, row.status.state(), why, cause));
    services.with_loop(|deploy_loop, store, options| match deploy_loop {
        Loop::Documented(one) => one.saved(store, options, index, cause, world),
        Loop::AsBuilt(one) => one.saved(store, options, cause, world),
    });
    Ok(())
}
