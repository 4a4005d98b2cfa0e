//! greenroom.
fn main() {}
