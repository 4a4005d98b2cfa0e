//! The window of time in which a rule is judged: where it opens, where it closes.

use super::board::Slot;
use super::scene::{Scene, Wanted, all_hold};
use crate::kernel::Time;

/// An end of a window.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Mark {
    /// A time.
    At(Time),
    /// The first instant at which all of these states hold together.
    States(Vec<Wanted>),
    /// The instant of the first entry about a fault or an action.
    Event(Slot),
}

/// How far a window has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WindowState {
    /// It has not opened yet.
    NotOpen,
    /// It is open.
    Open {
        /// Since when.
        opened: Time,
    },
    /// It has been open.
    Closed {
        /// From when.
        opened: Time,
        /// Until when; what happened then is no longer in it.
        closed: Time,
    },
}

/// A window of time: it holds the instant at which it opens, and not the one at which it closes.
#[derive(Clone, Debug)]
pub struct Window {
    from: Option<Mark>,
    until: Option<Mark>,
    state: WindowState,
    /// True once the states that close it were seen not to hold: a window that opens while they hold waits for the next time.
    armed: bool,
}

impl Window {
    /// From one mark to another; from the start if the first is not given, to the end if the second is not.
    pub fn new(from: Option<Mark>, until: Option<Mark>) -> Window {
        let state = match from {
            None => WindowState::Open { opened: Time::ZERO },
            Some(_) => WindowState::NotOpen,
        };
        Window { from, until, state, armed: false }
    }

    /// How far it has come.
    pub const fn state(&self) -> WindowState {
        self.state
    }

    /// The time at which it opens or closes, if a time says so.
    pub const fn due(&self) -> Option<Time> {
        let mark = match self.state {
            WindowState::NotOpen => &self.from,
            WindowState::Open { .. } => &self.until,
            WindowState::Closed { .. } => &None,
        };
        match mark {
            Some(Mark::At(time)) => Some(*time),
            _ => None,
        }
    }

    /// After an entry about a subject that is watched.
    pub fn entry(&mut self, scene: &Scene<'_>) {
        self.instant(scene);
    }

    /// Opens or closes if the present says so.
    pub fn instant(&mut self, scene: &Scene<'_>) {
        if self.state == WindowState::NotOpen
            && let Some(opened) = self.from.as_ref().and_then(|mark| reached(mark, scene))
        {
            self.state = WindowState::Open { opened };
        }
        let WindowState::Open { opened } = self.state else { return };
        let Some(until) = &self.until else { return };
        if let Mark::States(wanted) = until {
            self.armed |= !all_hold(wanted, scene.board);
            if !self.armed {
                return;
            }
        }
        if let Some(closed) = reached(until, scene) {
            self.state = WindowState::Closed { opened, closed };
        }
    }

    /// What it waits for before it opens, in words.
    pub fn waits_for(&self, scene: &Scene<'_>) -> String {
        match &self.from {
            None => String::new(),
            Some(Mark::At(time)) => format!("the run ended before {time}"),
            Some(Mark::States(wanted)) => scene.missing(wanted),
            Some(Mark::Event(slot)) => format!("{} never took place", scene.board.text(*slot)),
        }
    }
}

/// When the mark was reached, if it was.
fn reached(mark: &Mark, scene: &Scene<'_>) -> Option<Time> {
    match mark {
        Mark::At(time) => (*time <= scene.now).then_some(*time),
        Mark::States(wanted) => all_hold(wanted, scene.board).then_some(scene.now),
        Mark::Event(slot) => scene.board.first(*slot).map(|seen| seen.at),
    }
}
