//! Images that are built from a repository, before the first instance of them starts.
//! Source: the page of Deploy Svc at 1backend/1backend 1305defcf2. *Assumed*: one build for each revision of a deployment, whatever
//! nodes run it, and the image is then pulled as any other.

use super::work::{Image, Problem, Work};
use super::{Loop, Scene};
use crate::kernel::Streams;
use crate::timeline::{Arg, Cause, Kind, Subject, Why};

impl Loop {
    /// Builds that are over: the next step of their deployments follows at once.
    pub(super) fn end_builds(&mut self, scene: &mut Scene<'_>) {
        let now = scene.world.now();
        for position in 0..self.works.len() {
            let work = &mut self.works[position];
            let Image::Building(until, bound_to_fail) = work.image else { continue };
            if until > now {
                continue;
            }
            let definition = work.built.take().unwrap_or(work.subject);
            let fails = bound_to_fail || scene.world.build_fails(definition);
            let became = if fails { "failed" } else { "built" };
            work.cause = Cause::Entry(scene.world.note(definition, became, Why::NONE, work.cause));
            if fails {
                work.image = Image::Missing;
                let text = "build failed: the image cannot be built".to_owned();
                work.problem = Some(Problem { text, cause: None });
            } else {
                work.image = Image::There;
            }
            self.step(position, scene);
        }
    }
}

/// Begins a build if the newest template needs one; `true` once its image is there.
pub(super) fn is_built(work: &mut Work, scene: &mut Scene<'_>) -> bool {
    let Some(repository) = work.template.as_ref().and_then(|template| template.repository.as_ref()) else {
        return true;
    };
    if work.image == Image::Missing {
        let url = Arg::Text(scene.world.intern(&repository.url));
        let definition = definition_of(work, scene);
        work.cause = Cause::Entry(scene.world.note(definition, "building", Why::with("from {}", url), work.cause));
        let name = scene.store.deployment(&work.id).map(|index| &scene.store.deployments[index].spec.definition_id);
        let row = scene.options.builds.iter().find(|row| row.definition.is_none() || row.definition.as_ref() == name);
        let length = row.and_then(|row| row.length.as_ref()).unwrap_or(&scene.options.build_length);
        let seed = scene.world.draw("build", work.subject, work.builds, u64::MAX);
        let length = length.sample(&mut Streams::new(seed).stream("build", "", 0));
        work.builds += 1;
        work.built = Some(definition);
        work.image = Image::Building(scene.world.now() + length, row.is_some_and(|row| row.fails));
    }
    work.image == Image::There
}

/// True while an image is being built.
pub(super) const fn is_building(work: &Work) -> bool {
    matches!(work.image, Image::Building(..))
}

/// The definition of a deployment, as the timeline names it.
fn definition_of(work: &Work, scene: &mut Scene<'_>) -> Subject {
    let row = scene.store.deployment(&work.id).map(|index| &scene.store.deployments[index]);
    let id = row.map_or_else(|| work.id.clone(), |row| row.spec.definition_id.clone());
    Subject::new(Kind::Definition, scene.world.name(&id))
}
