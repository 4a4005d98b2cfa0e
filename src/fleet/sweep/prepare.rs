//! The scenario that a sweep varies: its text and those of its documents, and plans made of them.

use std::collections::BTreeMap;
use std::hash::Hasher as _;
use std::sync::{Mutex, PoisonError};

use siphasher::sip128::{Hasher128, SipHasher13};

use super::edit::{self, Part, Refusal};
use super::path::Path;
use super::run::Prepared;
use super::space::Space;
use crate::scenario::documents::read_text;
use crate::scenario::{Documents, Folder, Scenario, load_from};
use crate::text::diagnostic::{nearest, quote};
use crate::text::{Diagnostic, Source};

/// The texts of a scenario.
pub struct Base {
    source: Source,
    folder: Folder,
    documents: BTreeMap<String, String>,
    scenario: Scenario,
}

impl Base {
    /// Reads the scenario at a path and its documents.
    ///
    /// # Errors
    /// What is wrong with them, in their order.
    pub fn load(path: &std::path::Path) -> Result<Base, Vec<Diagnostic>> {
        let name = path.to_string_lossy();
        let text = read_text(path).map_err(|error| vec![Diagnostic::about(&Source::new(&*name, ""), error)])?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = Folder::new(folder.unwrap_or(std::path::Path::new(".")));
        let source = Source::new(&*name, text);
        let recorded = Recorded { folder: &folder, read: Mutex::default() };
        let scenario = load_from(&source, &recorded)?;
        let documents = recorded.read.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok(Base { source, folder, documents, scenario })
    }

    /// The scenario as it is written.
    pub const fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// The paths of its documents, as it writes them; of a document that is a folder those of its files.
    pub fn documents(&self) -> impl Iterator<Item = &str> {
        self.documents.keys().map(String::as_str)
    }

    /// What tells this scenario and its documents from any other: 128 bits in hexadecimal digits.
    pub fn hash(&self) -> String {
        let mut hasher = SipHasher13::new();
        let scenario = ("", self.source.text());
        for (name, text) in
            [scenario].into_iter().chain(self.documents.iter().map(|(name, text)| (name.as_str(), text.as_str())))
        {
            for part in [name, text] {
                hasher.write(&(part.len() as u64).to_le_bytes());
                hasher.write(part.as_bytes());
            }
        }
        format!("{:032x}", hasher.finish128().as_u128())
    }

    /// A plan, ready to run.
    ///
    /// # Errors
    /// A path names nothing, or what is wrong with the scenario once it has the values.
    pub fn plan(&self, space: &Space, plan: u32) -> Result<Prepared, Vec<Diagnostic>> {
        let mut source = self.source.clone();
        let mut changed = BTreeMap::new();
        for (vary, place) in space.places(plan) {
            let set = self.set(&vary.path, &vary.values[place], &mut source, &mut changed);
            set.map_err(|Refusal { part, why }| {
                let written = &vary.written;
                let at = match part {
                    Part::Document => written.path.document.unwrap_or(written.path.whole),
                    Part::Step(step) => written.path.steps.get(step).copied().unwrap_or(written.path.whole),
                    Part::Path => written.path.whole,
                    Part::Value => written.value(place),
                };
                vec![Diagnostic::error(&written.source, at, why)]
            })?;
        }
        let documents = Changed { base: self, changed };
        let prepared = load_from(&source, &documents).and_then(Prepared::new);
        prepared.map_err(|problems| {
            let with = format!("with {}", space.label(plan));
            problems.into_iter().map(|problem| problem.note(with.clone())).collect()
        })
    }

    fn set(
        &self,
        path: &Path,
        value: &str,
        source: &mut Source,
        changed: &mut BTreeMap<String, String>,
    ) -> Result<(), Refusal> {
        let Some(document) = &path.document else {
            *source = edit::set(source, path, value)?;
            return Ok(());
        };
        let Some(text) = changed.get(document).or_else(|| self.documents.get(document)) else {
            let known = self.documents.keys().map(String::as_str);
            let near = nearest(document, known.clone()).map_or_else(
                || format!("there are {}", known.collect::<Vec<_>>().join(", ")),
                |near| format!("did you mean {}?", quote(near)),
            );
            return Err(Part::Document.refused(format!("the scenario has no document {}; {near}", quote(document))));
        };
        let edited = edit::set_in_document(&Source::new(document.as_str(), text.as_str()), path, value)?;
        changed.insert(document.clone(), edited.text().to_owned());
        Ok(())
    }
}

/// The documents of a folder, each kept as it is read.
struct Recorded<'f> {
    folder: &'f Folder,
    read: Mutex<BTreeMap<String, String>>,
}

impl Documents for Recorded<'_> {
    fn read(&self, path: &str) -> Result<String, String> {
        let text = self.folder.read(path)?;
        self.read.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), text.clone());
        Ok(text)
    }

    fn list(&self, path: &str) -> Result<Vec<String>, String> {
        self.folder.list(path)
    }
}

/// The same documents, some of them changed; what was read once is not read again, so that all plans are of the same texts.
struct Changed<'b> {
    base: &'b Base,
    changed: BTreeMap<String, String>,
}

impl Documents for Changed<'_> {
    fn read(&self, path: &str) -> Result<String, String> {
        let known = self.changed.get(path).or_else(|| self.base.documents.get(path));
        known.map_or_else(|| self.base.folder.read(path), |text| Ok(text.clone()))
    }

    fn list(&self, path: &str) -> Result<Vec<String>, String> {
        self.base.folder.list(path)
    }
}
