//! The discrete-event core: virtual time, the event queue, named random streams and distributions, interned names.
//! It knows no cluster, no system and no file: nothing here reads a clock, a disk or an environment.

mod calendar;
pub mod distribution;
pub mod limits;
pub mod mutation;
pub mod names;
mod quantile;
pub mod queue;
pub mod shared;
mod slots;
pub mod streams;
pub mod time;

pub use distribution::Distribution;
pub use limits::{LimitError, Limits};
pub use names::{Name, Names, Symbol};
pub use queue::{Class, EventId, Queue};
pub use shared::Shared;
pub use streams::{Stream, Streams};
pub use time::{Duration, Time};
