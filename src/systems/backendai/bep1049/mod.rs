//! The first era: routes of a new revision beside those of the old, and the switch between them, as BEP-1049 describes it and
//! pull request 10426 built it. What both eras share (the coordinator, routes, documents) is in the folder above.

mod care;
mod handlers;
mod promotion;
mod provisioning;

pub use handlers::{could_act, execute, handlers};
pub use promotion::{promote_by_hand, why_no_promotion};
