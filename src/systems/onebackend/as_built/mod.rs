//! Deploy Svc as its code was, mistakes and all: 1backend/1backend at 1305defcf2b8. The service was removed upstream since (pull
//! request 526), so nothing here changes any more. What documents say is not read here, and what they promise beyond the code
//! is the other profile's.

pub mod address;
pub mod allocator;
pub mod container;
pub mod health;
