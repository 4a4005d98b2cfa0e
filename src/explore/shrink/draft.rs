//! A scenario as it is being edited: the tree of its file and those of its documents, in memory. What is tried is the text that they
//! are written as, read again as any file is, so that what is found is exactly what is written.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::hash::Hasher;
use std::sync::Arc;

use siphasher::sip128::{Hasher128, SipHasher13};

use super::json::json;
use super::tree::{Step, Tree};
use super::yaml::{Style, yaml};
use crate::scenario::model::{ActionKind, SystemName};
use crate::scenario::{Documents, Scenario, load_from};
use crate::text::{Diagnostic, Format, Source, tree};

/// A scenario that can be edited.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The name of the file, for messages and the folder of its documents.
    pub name: Arc<str>,
    /// What stands in the scenario's file.
    pub scenario: Tree,
    /// Its documents and what else it reads, by the paths that it names them by.
    pub documents: BTreeMap<String, Document>,
}

/// A document of a draft.
#[derive(Clone, PartialEq, Debug)]
pub struct Document {
    /// Its text.
    pub text: Arc<str>,
    /// What stands in it; a list of its documents where one file has several. `None` if it cannot be edited: it is kept as it is.
    pub tree: Option<Arc<Tree>>,
    /// How it is read and written.
    pub form: Form,
    /// True once its text is no more the one that was read.
    pub is_changed: bool,
}

/// How a document is read, and with it how it is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// One document.
    One(Format),
    /// Any number of documents, as `kubectl` reads them.
    Several(Format),
    /// One document, as Python reads it.
    Python(Format),
}

/// Which file of a draft.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum File {
    /// The scenario itself.
    Scenario,
    /// A document, by its path.
    Document(String),
}

/// A value in one of the files of a draft.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Spot {
    /// The file.
    pub file: File,
    /// The way to the value.
    pub path: Vec<Step>,
}

/// Documents that are read, and a note of each.
struct Noting<'d> {
    documents: &'d dyn Documents,
    read: RefCell<BTreeMap<String, String>>,
}

impl Documents for Noting<'_> {
    fn read(&self, path: &str) -> Result<String, String> {
        let text = self.documents.read(path)?;
        self.read.borrow_mut().insert(path.to_owned(), text.clone());
        Ok(text)
    }

    fn list(&self, path: &str) -> Result<Vec<String>, String> {
        let names = self.documents.list(path)?;
        // Of templates the names alone count; what else is there besides documents is passed over.
        for name in names.iter().filter(|name| name.ends_with(".in")) {
            self.read.borrow_mut().entry(format!("{path}/{name}")).or_default();
        }
        Ok(names)
    }
}

impl Documents for Draft {
    fn read(&self, path: &str) -> Result<String, String> {
        let document = self.documents.get(path).ok_or("cannot read the file: there is no such file")?;
        Ok(document.text.to_string())
    }

    fn list(&self, path: &str) -> Result<Vec<String>, String> {
        let below = format!("{path}/");
        let names: Vec<String> =
            self.documents.keys().filter_map(|name| name.strip_prefix(&below).map(str::to_owned)).collect();
        if names.is_empty() { Err("cannot read the folder: there is no such file".to_owned()) } else { Ok(names) }
    }
}

impl Draft {
    /// The draft of a scenario's text and its documents; also the scenario as it is read.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the file.
    pub fn read(source: &Source, documents: &dyn Documents) -> Result<(Draft, Scenario), Vec<Diagnostic>> {
        let noting = Noting { documents, read: RefCell::default() };
        let scenario = load_from(source, &noting)?;
        let node = tree::parse(source).map_err(|error| vec![error])?;
        let read = noting.read.into_inner();
        let documents = read.into_iter().map(|(path, text)| {
            let form = form_of(&scenario, &path, &text);
            (path, Document::read(text, form))
        });
        let draft =
            Draft { name: Arc::clone(source.name()), scenario: Tree::of(&node), documents: documents.collect() };
        Ok((draft, scenario))
    }

    /// The text of the scenario's file.
    pub fn text(&self) -> String {
        yaml(&self.scenario, Style::Compact)
    }

    /// Reads the draft as the scenario that it is.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the file.
    pub fn load(&self) -> Result<Scenario, Vec<Diagnostic>> {
        load_from(&Source::new(Arc::clone(&self.name), self.text()), self)
    }

    /// What tells one draft from another: the same on every machine.
    pub fn digest(&self) -> u128 {
        let mut hasher = SipHasher13::new();
        let mut add = |text: &str| {
            hasher.write_u64(text.len() as u64);
            hasher.write(text.as_bytes());
        };
        add(&self.text());
        for (path, document) in &self.documents {
            add(path);
            add(&document.text);
        }
        let hash = hasher.finish128();
        u128::from(hash.h1) << 64 | u128::from(hash.h2)
    }

    /// The tree of a file, if it can be edited.
    pub fn tree(&self, file: &File) -> Option<&Tree> {
        match file {
            File::Scenario => Some(&self.scenario),
            File::Document(path) => self.documents.get(path)?.tree.as_deref(),
        }
    }

    /// The value at a spot.
    pub fn get(&self, spot: &Spot) -> Option<&Tree> {
        self.tree(&spot.file)?.get(&spot.path)
    }

    /// The files that can be edited: the scenario, then its documents.
    pub fn files(&self) -> Vec<File> {
        let documents = self.documents.iter().filter(|(_, document)| document.tree.is_some());
        let documents = documents.map(|(path, _)| File::Document(path.clone()));
        std::iter::once(File::Scenario).chain(documents).collect()
    }

    /// The draft with a file of it edited.
    #[must_use]
    pub fn edited(mut self, file: &File, edit: impl FnOnce(&mut Tree)) -> Draft {
        match file {
            File::Scenario => edit(&mut self.scenario),
            File::Document(path) => {
                if let Some(document) = self.documents.get_mut(path) {
                    document.edit(edit);
                }
            }
        }
        self
    }

    /// The draft with another value at a spot.
    #[must_use]
    pub fn with(self, spot: &Spot, value: Tree) -> Draft {
        self.edited(&spot.file, |tree| {
            if let Some(place) = tree.get_mut(&spot.path) {
                *place = value;
            }
        })
    }

    /// The draft without the values at these spots.
    #[must_use]
    pub fn without(self, spots: &[Spot]) -> Draft {
        let mut by_file: BTreeMap<&File, Vec<&[Step]>> = BTreeMap::new();
        for spot in spots {
            by_file.entry(&spot.file).or_default().push(&spot.path);
        }
        by_file.into_iter().fold(self, |draft, (file, mut paths)| {
            // From the back on, so that positions before stay what they are.
            paths.sort_unstable();
            draft.edited(file, |tree| {
                for path in paths.iter().rev() {
                    tree.remove(path);
                }
                if *file == File::Scenario {
                    drop_empty_lists(tree);
                }
            })
        })
    }

    /// The draft without the documents that it does not read.
    #[must_use]
    pub fn without_unread(mut self) -> Draft {
        let noting = Noting { documents: &self, read: RefCell::default() };
        let is_read = load_from(&Source::new(Arc::clone(&self.name), self.text()), &noting).is_ok();
        let read = noting.read.into_inner();
        if is_read {
            self.documents.retain(|path, _| read.contains_key(path));
        }
        self
    }
}

/// Lists at the top of a scenario that need not be there are left out once they are empty.
fn drop_empty_lists(scenario: &mut Tree) {
    for key in ["behaviour", "faults", "actions", "ties", "expect"] {
        if scenario.key(key).is_some_and(|list| *list == Tree::List(Vec::new())) {
            scenario.unset(key);
        }
    }
}

/// How a document is read, which hangs on whose it is.
fn form_of(scenario: &Scenario, path: &str, text: &str) -> Form {
    let is_here = |document: &str| document.trim_start_matches("./").trim_end_matches('/') == path;
    let holds = |folder: &str| path.starts_with(&format!("{}/", folder.trim_start_matches("./").trim_end_matches('/')));
    let format = Source::new(path, text).format();
    for deploy in &scenario.deploy {
        match deploy.system {
            SystemName::Paasta if holds(&deploy.document) => return Form::Python(format),
            SystemName::Kubernetes | SystemName::Dynamo | SystemName::OneBackend if is_here(&deploy.document) => {
                return Form::Several(format);
            }
            _ => {}
        }
    }
    let is_applied = scenario.actions.iter().any(|action| match &action.kind {
        ActionKind::Apply(document) | ActionKind::Replace(document) => is_here(&document.document),
        _ => false,
    });
    if is_applied { Form::Several(format) } else { Form::One(format) }
}

impl Document {
    /// A document of this text.
    pub fn read(text: String, form: Form) -> Document {
        let tree = form.parse(&text).filter(|tree| form.parse(&form.write(tree)).as_ref() == Some(tree));
        Document { text: text.into(), tree: tree.map(Arc::new), form, is_changed: false }
    }

    /// Writes it anew, without comments.
    pub fn rewrite(&mut self) {
        if let Some(tree) = &self.tree {
            self.text = self.form.write(tree).into();
            self.is_changed = true;
        }
    }

    /// Edits what stands in it, and writes it anew if that changes anything.
    pub fn edit(&mut self, edit: impl FnOnce(&mut Tree)) {
        let Some(tree) = &mut self.tree else { return };
        let tree = Arc::make_mut(tree);
        let before = tree.clone();
        edit(tree);
        if *tree != before {
            self.text = self.form.write(tree).into();
            self.is_changed = true;
        }
    }
}

impl Form {
    fn parse(self, text: &str) -> Option<Tree> {
        let name = match self {
            Form::One(Format::Json) | Form::Several(Format::Json) | Form::Python(Format::Json) => "document.json",
            _ => "document.yaml",
        };
        let source = Source::new(name, text);
        match self {
            Form::One(_) => tree::parse(&source).ok().as_ref().map(Tree::of),
            Form::Several(_) => Some(Tree::List(
                tree::parse_all(&source).ok().filter(|all| !all.is_empty())?.iter().map(Tree::of).collect(),
            )),
            Form::Python(_) => tree::parse_python(&source).ok().as_ref().map(Tree::of),
        }
    }

    fn write(self, tree: &Tree) -> String {
        match self {
            Form::One(Format::Json) | Form::Python(Format::Json) => json(tree),
            Form::One(Format::Yaml) | Form::Python(Format::Yaml) => yaml(tree, Style::Block),
            Form::Several(Format::Json) => tree.items().iter().map(json).collect(),
            Form::Several(Format::Yaml) => {
                tree.items().iter().map(|one| yaml(one, Style::Block)).collect::<Vec<_>>().join("---\n")
            }
        }
    }
}
