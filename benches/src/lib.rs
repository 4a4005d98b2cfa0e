//! The measurements of greenroom; see `cargo xtask bench`.

pub mod rollout;
