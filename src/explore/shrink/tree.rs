//! A value of YAML or JSON that can be edited: what a [`Node`] is without its places. How it is written down stands in `yaml` and
//! `json`; what may be taken out of it is decided in `reduce`.

use crate::text::Node;
use crate::text::tree::Value;

/// A value. Keys keep their order.
#[derive(Clone, PartialEq, Debug)]
pub enum Tree {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number, as it is written.
    Float(String),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Tree>),
    /// A map.
    Map(Vec<(String, Tree)>),
}

/// A step from a list or map to one of its values.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Step {
    /// The item at this position.
    Index(usize),
    /// The value of this key.
    Key(String),
}

impl Tree {
    /// The value of a node.
    pub fn of(node: &Node) -> Tree {
        match &node.value {
            Value::Null => Tree::Null,
            Value::Bool(truth) => Tree::Bool(*truth),
            Value::Int(number) => Tree::Int(*number),
            Value::Float(text) => Tree::Float(text.clone()),
            Value::String(text) => Tree::Text(text.clone()),
            Value::Seq(items) => Tree::List(items.iter().map(Tree::of).collect()),
            Value::Map(entries) => {
                Tree::Map(entries.iter().map(|(key, value)| (key.text.clone(), Tree::of(value))).collect())
            }
        }
    }

    /// A text.
    pub fn text(text: impl Into<String>) -> Tree {
        Tree::Text(text.into())
    }

    /// A map with one key.
    pub fn one(key: &str, value: Tree) -> Tree {
        Tree::Map(vec![(key.to_owned(), value)])
    }

    /// The value at the end of a path.
    pub fn get(&self, path: &[Step]) -> Option<&Tree> {
        path.iter().try_fold(self, |tree, step| match (tree, step) {
            (Tree::List(items), Step::Index(index)) => items.get(*index),
            (Tree::Map(entries), Step::Key(key)) => {
                entries.iter().find(|(known, _)| known == key).map(|(_, value)| value)
            }
            _ => None,
        })
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, path: &[Step]) -> Option<&mut Tree> {
        path.iter().try_fold(self, |tree, step| match (tree, step) {
            (Tree::List(items), Step::Index(index)) => items.get_mut(*index),
            (Tree::Map(entries), Step::Key(key)) => {
                entries.iter_mut().find(|(known, _)| known == key).map(|(_, value)| value)
            }
            _ => None,
        })
    }

    /// The value of a key, if this is a map that has it.
    pub fn key(&self, key: &str) -> Option<&Tree> {
        let Tree::Map(entries) = self else { return None };
        entries.iter().find(|(known, _)| known == key).map(|(_, value)| value)
    }

    /// Gives a key of a map another value, or adds it behind the others.
    pub fn set(&mut self, key: &str, value: Tree) {
        let Tree::Map(entries) = self else { return };
        match entries.iter_mut().find(|(known, _)| known == key) {
            Some((_, old)) => *old = value,
            None => entries.push((key.to_owned(), value)),
        }
    }

    /// Takes a key out of a map.
    pub fn unset(&mut self, key: &str) -> Option<Tree> {
        let Tree::Map(entries) = self else { return None };
        let at = entries.iter().position(|(known, _)| known == key)?;
        Some(entries.remove(at).1)
    }

    /// Takes out the value at the end of a path.
    pub fn remove(&mut self, path: &[Step]) -> Option<Tree> {
        let (last, above) = path.split_last()?;
        match (self.get_mut(above)?, last) {
            (Tree::List(items), Step::Index(index)) if *index < items.len() => Some(items.remove(*index)),
            (map @ Tree::Map(_), Step::Key(key)) => map.unset(key),
            _ => None,
        }
    }

    /// The items, if this is a list.
    pub fn items(&self) -> &[Tree] {
        if let Tree::List(items) = self { items } else { &[] }
    }

    /// The text, if this is one.
    pub fn as_text(&self) -> Option<&str> {
        if let Tree::Text(text) = self { Some(text) } else { None }
    }

    /// The steps from this value to each that it holds, in the order of the text.
    pub fn steps(&self) -> Vec<Step> {
        match self {
            Tree::List(items) => (0..items.len()).map(Step::Index).collect(),
            Tree::Map(entries) => entries.iter().map(|(key, _)| Step::Key(key.clone())).collect(),
            _ => Vec::new(),
        }
    }

    /// Visits this value and all below it, each with its path, in the order of the text.
    pub fn visit(&self, see: &mut dyn FnMut(&[Step], &Tree)) {
        self.visit_below(&mut Vec::new(), see);
    }

    fn visit_below(&self, path: &mut Vec<Step>, see: &mut dyn FnMut(&[Step], &Tree)) {
        see(path, self);
        match self {
            Tree::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    path.push(Step::Index(index));
                    item.visit_below(path, see);
                    path.pop();
                }
            }
            Tree::Map(entries) => {
                for (key, value) in entries {
                    path.push(Step::Key(key.clone()));
                    value.visit_below(path, see);
                    path.pop();
                }
            }
            _ => {}
        }
    }

    /// Visits every text below this value, to be changed.
    pub fn each_text(&mut self, change: &mut dyn FnMut(&mut String)) {
        match self {
            Tree::Text(text) => change(text),
            Tree::List(items) => items.iter_mut().for_each(|item| item.each_text(change)),
            Tree::Map(entries) => entries.iter_mut().for_each(|(_, value)| value.each_text(change)),
            _ => {}
        }
    }
}

/// The last key of a path, whatever stands behind it.
pub fn last_key(path: &[Step]) -> Option<&str> {
    path.iter().rev().find_map(|step| match step {
        Step::Key(key) => Some(key.as_str()),
        Step::Index(_) => None,
    })
}

/// A path of keys.
pub fn keys(keys: &[&str]) -> Vec<Step> {
    keys.iter().map(|key| Step::Key((*key).to_owned())).collect()
}
