//! The discrete-event core: virtual time, the event queue, named random streams and distributions, interned names.
//! It knows no cluster, no system and no file: nothing here reads a clock, a disk or an environment.

pub mod names;
pub mod time;

pub use names::{Name, Names, Symbol};
pub use time::{Duration, Time};
