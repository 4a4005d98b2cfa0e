//! The path of a value of a scenario or of one of its documents: `cluster.nodes[a10].count`,
//! `documents[web.yaml][Deployment/web].spec.replicas`. A name in brackets chooses an item of a list by what it is called, a number
//! by its position from 0, and on a map any key, whatever characters it has. How the value is changed stands in `edit`.

use std::fmt;

use super::cursor::Cursor;
use crate::text::diagnostic::{nearest, quote};
use crate::text::{Diagnostic, Node, Span};

/// What a path that leads into a document begins with.
const DOCUMENTS: &str = "documents";
/// The deepest path.
const STEPS_MAX: usize = 30;

/// A path, as it was written.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Path {
    /// The document that it leads into; `None`: the scenario itself.
    pub document: Option<String>,
    /// The way from there.
    pub steps: Vec<Step>,
}

/// One step of a path.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Step {
    /// `.count`: a key of a map.
    Key(String),
    /// `[a10]`: an item of a list, or a key of a map.
    Named(String),
}

/// Where the parts of a path stand in the text that it was read from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Spans {
    /// All of it.
    pub whole: Span,
    /// The name of the document, if it leads into one.
    pub document: Option<Span>,
    /// Each step: a key, or what stands in brackets.
    pub steps: Vec<Span>,
}

/// Why a path names nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Astray {
    /// The step that chooses nothing, or more than one thing.
    pub step: usize,
    /// What is wrong with it; a sentence that says where it parts from the text.
    pub why: String,
}

impl fmt::Display for Path {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(document) = &self.document {
            write!(out, "{DOCUMENTS}[{document}]")?;
        }
        for (index, step) in self.steps.iter().enumerate() {
            match step {
                Step::Key(key) if index == 0 && self.document.is_none() => write!(out, "{key}")?,
                Step::Key(key) => write!(out, ".{key}")?,
                Step::Named(name) => write!(out, "[{name}]")?,
            }
        }
        Ok(())
    }
}

impl Path {
    /// Reads a path up to the first character that cannot be part of it.
    ///
    /// # Errors
    /// There is none.
    pub fn read(cursor: &mut Cursor<'_>) -> Result<Path, Diagnostic> {
        Path::read_with_spans(cursor).map(|(path, _)| path)
    }

    /// The same, and where its parts stand.
    ///
    /// # Errors
    /// As of [`Path::read`].
    pub fn read_with_spans(cursor: &mut Cursor<'_>) -> Result<(Path, Spans), Diagnostic> {
        let start = cursor.at();
        let (first, at) = key(cursor)?;
        let mut path = Path { document: None, steps: Vec::new() };
        let mut spans = Spans { whole: at, document: None, steps: Vec::new() };
        if first == DOCUMENTS {
            if !cursor.rest().starts_with('[') {
                return Err(cursor.error("expected `[` and the name of a document: `documents[group.json]`"));
            }
            let (document, at) = bracketed(cursor)?;
            (path.document, spans.document) = (Some(document), Some(at));
        } else {
            path.steps.push(Step::Key(first));
            spans.steps.push(at);
        }
        loop {
            let (step, at) = if cursor.rest().starts_with('[') {
                let (name, at) = bracketed(cursor)?;
                (Step::Named(name), at)
            } else if cursor.rest().starts_with('.') && !cursor.rest().starts_with("..") {
                cursor.takes(".");
                let (key, at) = key(cursor)?;
                (Step::Key(key), at)
            } else if path.steps.is_empty() {
                return Err(cursor.error("expected `.` or `[` and the way to a value of the document"));
            } else {
                spans.whole = cursor.since(start);
                return Ok((path, spans));
            };
            path.steps.push(step);
            spans.steps.push(at);
            if path.steps.len() > STEPS_MAX {
                return Err(cursor.error(format!("a path has at most {STEPS_MAX} steps")));
            }
        }
    }

    /// The keys and positions that lead from the root to the value: what the steps choose.
    ///
    /// # Errors
    /// The path names nothing, or more than one thing.
    pub fn resolve<'n>(&self, root: &'n Node) -> Result<(Vec<String>, &'n Node), Astray> {
        let (mut keys, mut node) = (Vec::new(), root);
        for (depth, step) in self.steps.iter().enumerate() {
            let so_far = || match depth {
                0 => "the file".to_owned(),
                _ => quote(&Path { document: self.document.clone(), steps: self.steps[..depth].to_vec() }.to_string()),
            };
            let astray = |why: String| Astray { step: depth, why: format!("{} {why}", so_far()) };
            let (key, next) = step.choose(node).map_err(astray)?;
            keys.push(key);
            node = next;
        }
        Ok((keys, node))
    }
}

impl Step {
    /// The key or name.
    pub fn text(&self) -> &str {
        match self {
            Step::Key(text) | Step::Named(text) => text,
        }
    }

    /// What it chooses of a value.
    fn choose<'n>(&self, node: &'n Node) -> Result<(String, &'n Node), String> {
        let text = self.text();
        if let Some(entries) = node.as_map() {
            return match node.get(text) {
                Some(value) => Ok((text.to_owned(), value)),
                None => Err(lacks("key", text, entries.iter().map(|(key, _)| key.text.clone()).collect())),
            };
        }
        let (Some(items), Step::Named(_)) = (node.as_seq(), self) else {
            return Err(match node.as_seq() {
                Some(items) if items.iter().any(|item| is_called(item, text)) => {
                    format!("is a list, whose items are chosen in brackets; did you mean `[{text}]`?")
                }
                Some(_) => {
                    format!("is a list: choose one of its items by name or position, as in `[0]`, not `.{text}`")
                }
                None => format!("is {} and has nothing in it that is called {}", node.kind(), quote(text)),
            });
        };
        let called: Vec<usize> = (0..items.len()).filter(|index| is_called(&items[*index], text)).collect();
        match called[..] {
            [index] => Ok((index.to_string(), &items[index])),
            [] => match text.parse::<usize>().ok().filter(|index| *index < items.len()) {
                Some(index) => Ok((index.to_string(), &items[index])),
                None => Err(lacks("item", text, items.iter().flat_map(names).collect())),
            },
            _ => Err(format!(
                "has {} items that are called {}: choose one by its position, as in `[{}]`",
                called.len(),
                quote(text),
                called[0]
            )),
        }
    }
}

/// What an item of a list is called: the texts that it has itself and those of `match` and `metadata`, and `Kind/name` of a manifest.
fn names(item: &Node) -> Vec<String> {
    let own = |node: &Node| -> Vec<String> {
        let texts = node.as_map().unwrap_or(&[]).iter().filter_map(|(_, value)| value.as_str());
        texts.map(str::to_owned).collect()
    };
    if let Some(text) = item.as_str() {
        return vec![text.to_owned()];
    }
    let text = |node: Option<&Node>, key: &str| node?.get(key)?.as_str().map(str::to_owned);
    let mut names = own(item);
    for inner in ["match", "metadata"] {
        names.extend(item.get(inner).into_iter().flat_map(own));
    }
    if let (Some(kind), Some(name)) = (text(Some(item), "kind"), text(item.get("metadata"), "name")) {
        names.push(format!("{kind}/{name}"));
    }
    names
}

fn is_called(item: &Node, text: &str) -> bool {
    names(item).iter().any(|name| name == text)
}

fn lacks(what: &str, text: &str, known: Vec<String>) -> String {
    let near = nearest(text, known.iter().map(String::as_str));
    let near = near.map_or(String::new(), |near| format!("; did you mean {}?", quote(near)));
    format!("has no {what} {}{near}", quote(text))
}

/// `count`, `rolling-update`.
fn key(cursor: &mut Cursor<'_>) -> Result<(String, Span), Diagnostic> {
    let start = cursor.at();
    let key = cursor.take_while(|character| character.is_alphanumeric() || matches!(character, '_' | '-'));
    if key.is_empty() {
        return Err(cursor.error("expected a key of the scenario, as in `cluster.nodes[a10].count`"));
    }
    Ok((key.to_owned(), cursor.since(start)))
}

/// `[a10]`; the name has any characters but brackets.
fn bracketed(cursor: &mut Cursor<'_>) -> Result<(String, Span), Diagnostic> {
    cursor.expect("[", "here")?;
    let start = cursor.at();
    let name = cursor.take_while(|character| !matches!(character, '[' | ']'));
    if name.is_empty() {
        return Err(cursor.error("expected a name or a position, as in `[a10]` or `[0]`"));
    }
    let at = cursor.since(start);
    cursor.expect("]", "behind the name")?;
    Ok((name.to_owned(), at))
}
