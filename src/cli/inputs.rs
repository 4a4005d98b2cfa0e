//! What a scenario was made of: its file, every document that it read, and its snapshot, each with a print of its content.
//! Whoever knows them can tell later whether a run of it would still be the same.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::scenario::documents::read_text;
use crate::scenario::{Documents, Folder, Scenario, load_from};
use crate::text::{Diagnostic, Source};

/// The files behind one scenario.
#[derive(Clone, Debug)]
pub struct Inputs {
    file: PathBuf,
    folder: PathBuf,
    /// The print of the scenario's own text.
    text: u64,
    /// The prints of the documents, by the paths that the scenario has for them; of those too that are not there.
    documents: BTreeMap<String, u64>,
    /// The prints of the lists of files in documents that are folders.
    lists: BTreeMap<String, u64>,
    /// The snapshot that the run was compared with, and its print.
    snapshot: Option<(PathBuf, u64)>,
}

/// What a scenario reads, written down on the way.
struct Recorded {
    folder: Folder,
    documents: RefCell<BTreeMap<String, u64>>,
    lists: RefCell<BTreeMap<String, u64>>,
}

impl Documents for Recorded {
    fn read(&self, path: &str) -> Result<String, String> {
        let read = self.folder.read(path);
        self.documents.borrow_mut().insert(path.to_owned(), print(&read));
        read
    }

    fn list(&self, path: &str) -> Result<Vec<String>, String> {
        let list = self.folder.list(path);
        self.lists.borrow_mut().insert(path.to_owned(), print(&list));
        list
    }
}

/// The print of a content, or of why there is none.
fn print(content: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    hasher.finish()
}

/// Reads a scenario and writes down what it read, whether it is valid or not.
pub fn load_recorded(path: &Path) -> (Result<Scenario, Vec<Diagnostic>>, Inputs) {
    let name: Arc<str> = path.to_string_lossy().into();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let read = read_text(path);
    let text = print(&read);
    let recorded = Recorded { folder: Folder::new(folder), documents: RefCell::default(), lists: RefCell::default() };
    let scenario = match read {
        Ok(text) => load_from(&Source::new(name, text), &recorded),
        Err(error) => Err(vec![Diagnostic::about(&Source::new(name, ""), error)]),
    };
    let Recorded { documents, lists, .. } = recorded;
    let inputs = Inputs {
        file: path.to_owned(),
        folder: folder.to_owned(),
        text,
        documents: documents.into_inner(),
        lists: lists.into_inner(),
        snapshot: None,
    };
    (scenario, inputs)
}

impl Inputs {
    /// Adds the snapshot, before the run is compared with it.
    pub fn add_snapshot(&mut self, path: PathBuf) {
        let now = print(&read_text(&path));
        self.snapshot = Some((path, now));
    }

    /// What is not any more what it was, as the user would name it.
    pub fn changed(&self) -> Vec<PathBuf> {
        let folder = Folder::new(&self.folder);
        let mut changed = Vec::new();
        if print(&read_text(&self.file)) != self.text {
            changed.push(self.file.clone());
        }
        let documents = self.documents.iter().filter(|(path, was)| print(&folder.read(path)) != **was);
        let lists = self.lists.iter().filter(|(path, was)| print(&folder.list(path)) != **was);
        changed.extend(documents.chain(lists).map(|(path, _)| self.folder.join(path)));
        if let Some((path, was)) = &self.snapshot
            && print(&read_text(path)) != *was
        {
            changed.push(path.clone());
        }
        changed
    }

    /// The folders in which these files are, or would be.
    pub fn folders(&self) -> impl Iterator<Item = PathBuf> {
        let documents = self.documents.keys().map(|path| self.folder.join(path));
        let lists = self.lists.keys().map(|path| self.folder.join(path).join("any"));
        let snapshot = self.snapshot.iter().map(|(path, _)| path.clone());
        let files = documents.chain(lists).chain(snapshot).chain([self.file.clone()]);
        files.filter_map(|file| file.parent().map(Path::to_owned))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Goal: whatever a scenario reads is noticed, and nothing else. Method: each input is changed and put back.
    #[test]
    fn each_input_is_noticed() {
        let top = tempfile::tempdir().expect("a folder");
        let path = |name: &str| top.path().join(name);
        let scenario = "name: one\nuntil: 1m\ncluster:\n  nodes: [ { name: a, cpu: 4, memory: 8Gi } ]\n\
                        deploy:\n  - { document: a.yaml, system: kubernetes }\n  - { document: gone.yaml, system: kubernetes }\n";
        fs::write(path("scenario.yaml"), scenario).expect("a file");
        fs::write(path("a.yaml"), "").expect("a file");
        fs::write(path("b.yaml"), "").expect("a file");
        fs::write(path("one.timeline"), "").expect("a file");
        let (read, mut inputs) = load_recorded(&path("scenario.yaml"));
        assert!(read.is_err(), "a document is not there");
        inputs.add_snapshot(path("one.timeline"));
        assert_eq!(inputs.changed(), Vec::<PathBuf>::new());
        for name in ["scenario.yaml", "a.yaml", "one.timeline"] {
            let before = fs::read_to_string(path(name)).expect(name);
            fs::write(path(name), "# other").expect("a file");
            assert_eq!(inputs.changed(), [path(name)]);
            fs::write(path(name), before).expect("a file");
            assert_eq!(inputs.changed(), Vec::<PathBuf>::new());
        }
        fs::write(path("b.yaml"), "# other").expect("a file");
        assert_eq!(inputs.changed(), Vec::<PathBuf>::new(), "nobody reads it");
        fs::write(path("gone.yaml"), "").expect("a file");
        assert_eq!(inputs.changed(), [path("gone.yaml")]);
        assert!(inputs.folders().all(|folder| folder == top.path()));
    }
}
