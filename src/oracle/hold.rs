//! Rules about what holds throughout a window: `always` and `never`.
//!
//! `always` is judged at the end of each instant in the window, `never` also after each entry: a state that lasted no time
//! at all was there. A window holds the instant at which it opens, and not the one at which it closes, so that what an
//! action does at once is not held against the time before it.

use super::cel::Expression;
use super::scene::{Decision, Scene, Wanted, all_hold};
use super::window::{Window, WindowState};

/// What holds or does not hold at an instant.
#[derive(Clone, Debug)]
pub enum Condition {
    /// All of these states together.
    States(Vec<Wanted>),
    /// An expression.
    Cel(Box<Expression>),
}

/// `always` or `never`.
#[derive(Clone, Debug)]
pub struct Hold {
    condition: Condition,
    window: Window,
    /// True for `always`.
    must: bool,
    /// True once the condition was judged at least once.
    judged: bool,
}

impl Hold {
    /// The rule that `condition` holds (`must`) or does not hold throughout the window.
    pub fn new(condition: Condition, window: Window, must: bool) -> Hold {
        Hold { condition, window, must, judged: false }
    }

    /// When the window opens or closes by the clock.
    pub fn due(&self) -> Option<crate::kernel::Time> {
        self.window.due()
    }

    /// After an entry about a subject that is watched.
    pub fn entry(&mut self, scene: &mut Scene<'_>) -> Option<Decision> {
        self.window.entry(scene);
        if self.must || matches!(self.condition, Condition::Cel(_)) {
            return None;
        }
        self.judge(scene)
    }

    /// At the end of an instant.
    pub fn instant(&mut self, scene: &mut Scene<'_>) -> Option<Decision> {
        self.window.instant(scene);
        if let Some(decision) = self.judge(scene) {
            return Some(decision);
        }
        match self.window.state() {
            // Closed: nothing can change any more, unless one of the subjects is still to appear.
            WindowState::Closed { .. } if self.nowhere(scene).is_none() => Some(self.end(scene)),
            _ => None,
        }
    }

    /// At the end of the run.
    pub fn end(&mut self, scene: &mut Scene<'_>) -> Decision {
        if let Some(nowhere) = self.nowhere(scene) {
            return Decision::unjudged(scene.now, nowhere);
        }
        match self.window.state() {
            WindowState::NotOpen => {
                Decision::unjudged(scene.now, format!("the window never opened: {}", self.window.waits_for(scene)))
            }
            WindowState::Closed { opened, closed } if !self.judged => {
                let detail = format!("the window was empty: it closed at {closed}, and opened at {opened}");
                Decision::unjudged(scene.now, detail)
            }
            WindowState::Open { .. } if !self.judged => {
                Decision::unjudged(scene.now, "the run ended before anything could be judged".to_owned())
            }
            WindowState::Open { opened } => {
                Decision::passed(scene.now, format!("from {opened} to the end at {}", scene.now), None)
            }
            WindowState::Closed { opened, closed } => {
                Decision::passed(closed, format!("from {opened} until {closed}"), None)
            }
        }
    }

    fn judge(&mut self, scene: &mut Scene<'_>) -> Option<Decision> {
        if !matches!(self.window.state(), WindowState::Open { .. }) {
            return None;
        }
        self.judged = true;
        let holds = match &mut self.condition {
            Condition::States(wanted) => Ok(all_hold(wanted, scene.board)),
            Condition::Cel(expression) => expression.holds(scene),
        };
        match holds {
            Err(error) => {
                Some(Decision::unjudged(scene.now, format!("at {} the expression failed: {error}", scene.now)))
            }
            Ok(holds) if holds == self.must => None,
            Ok(_) => Some(self.broken(scene)),
        }
    }

    fn broken(&self, scene: &Scene<'_>) -> Decision {
        let now = scene.now;
        match &self.condition {
            Condition::Cel(expression) => {
                let word = if self.must { "not true" } else { "true" };
                let figures = expression.figures();
                let detail = match figures.as_str() {
                    "" => format!("{word} at {now}"),
                    figures => format!("{word} at {now}: {figures}"),
                };
                Decision::failed(now, detail, expression.evidence(scene))
            }
            Condition::States(wanted) if self.must => {
                let detail = format!("not so at {now}\n{}", scene.missing(wanted));
                Decision::failed(now, detail, scene.culprit(wanted))
            }
            Condition::States(wanted) => {
                let states: Vec<String> = wanted.iter().map(|wanted| scene.state_of(wanted.slot)).collect();
                Decision::failed(now, states.join(", "), scene.latest(wanted))
            }
        }
    }

    /// The subjects of the condition that never appeared, in words.
    fn nowhere(&self, scene: &Scene<'_>) -> Option<String> {
        match &self.condition {
            Condition::Cel(expression) => expression.never_appeared(scene),
            Condition::States(wanted) => {
                let nowhere = wanted.iter().map(|wanted| wanted.slot).filter(|slot| !scene.there(*slot));
                let told: Vec<String> = nowhere.map(|slot| scene.never_appeared(slot)).collect();
                if told.is_empty() { None } else { Some(told.join("\n")) }
            }
        }
    }
}
