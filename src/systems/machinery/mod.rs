//! The API server and the controller-runtime for custom resources that live in greenroom itself, in both worlds. It knows no
//! system: a system keeps an [`Api`] of its own resources and a [`Runtime`] of its controllers, and decides.
//!
//! - Writes are done at once, in the order in which they are asked for; each that changes something is an event of a log.
//! - What a controller reads is a position in that log ([`View`]), which may lag behind the end.
//! - An event that reaches a controller puts keys into its queue, once each; [`Runtime::next`] hands them out one at a time.
//! - Faults of watches and writes act here ([`Runtime::disturb`]), so that no controller needs to know of them.
//!
//! The order is total: of what is due at one instant, the controller with the smallest number goes first, and its keys in the
//! order in which they were put into its queue.
//!
//! What is not here: how Kubernetes' own objects are watched (a [`World`](crate::workload::World) does that; a system puts the
//! keys that such a change concerns into a queue with [`Runtime::add`]), and when a system is woken (`world.wake_at`).

pub mod api;
mod conflict;
mod disturb;
mod faults;
mod points;
pub mod queue;
mod reads;
pub mod resource;
pub mod runtime;
mod turns;
mod view;
mod watch;

#[cfg(test)]
mod tests;

pub use api::{Api, Writer};
pub use conflict::{tell_conflict, tell_conflicts, tell_end, tell_endless, tell_start};
pub use points::tell_points;
pub use queue::{RateLimits, WorkQueue};
pub use resource::{Meta, Owner, Refusal, Resource, Spec, Version};
pub use runtime::{ControllerId, ControllerSpec, Ended, Finish, Item, Keys, Route, Runtime, Turn};
pub use view::View;
pub use watch::{Event, Verb};
