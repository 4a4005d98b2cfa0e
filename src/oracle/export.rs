//! `export`: values that were published have a form.

use regex::Regex;

use super::board::Slot;
use super::scene::{Decision, Scene};
use crate::text::diagnostic::quote;
use crate::text::mask::mask_named;

/// A published value and its form.
#[derive(Clone, Debug)]
pub struct Value {
    /// Who publishes it.
    pub slot: Slot,
    /// Under which key.
    pub key: String,
    /// Its form.
    pub form: Regex,
}

/// The rule: each value had its form at some instant.
#[derive(Clone, Debug)]
pub struct Export {
    values: Vec<Value>,
    /// Those that did not have it yet, by position.
    open: Vec<usize>,
}

impl Export {
    /// The rule for these values.
    pub fn new(values: Vec<Value>) -> Export {
        let open = (0..values.len()).collect();
        Export { values, open }
    }

    /// At the end of an instant.
    pub fn instant(&mut self, scene: &Scene<'_>) -> Option<Decision> {
        let values = &self.values;
        self.open
            .retain(|index| !published(&values[*index], scene).is_some_and(|text| values[*index].form.is_match(text)));
        if !self.open.is_empty() {
            return None;
        }
        let slots = self.values.iter().map(|value| value.slot);
        let evidence = slots.filter_map(|slot| scene.board.now(slot)).map(|seen| seen.id).max();
        Some(Decision::passed(scene.now, format!("at {}", scene.now), evidence))
    }

    /// At the end of the run.
    pub fn end(&mut self, scene: &Scene<'_>) -> Decision {
        if let Some(decision) = self.instant(scene) {
            return decision;
        }
        let mut told = Vec::new();
        for value in self.open.iter().map(|index| &self.values[*index]) {
            let name = format!("{}.{}", scene.board.text(value.slot), value.key);
            told.push(match published(value, scene) {
                Some(text) => format!(
                    "expected {name} to match `{}`, but it was {}",
                    value.form,
                    quote(&mask_named(&value.key, text))
                ),
                None if scene.there(value.slot) => {
                    format!("expected {name} to match `{}`, but nothing was published under that name", value.form)
                }
                None => scene.never_appeared(value.slot),
            });
        }
        let slots = self.open.iter().map(|index| self.values[*index].slot);
        let evidence = slots.filter_map(|slot| scene.board.now(slot)).map(|seen| seen.id).max();
        Decision::failed(scene.now, told.join("\n"), evidence)
    }
}

fn published<'a>(value: &Value, scene: &'a Scene<'_>) -> Option<&'a str> {
    let subjects = scene.board.subjects(value.slot, scene.stage.names());
    subjects.into_iter().find_map(|subject| scene.stage.published(subject, &value.key))
}
