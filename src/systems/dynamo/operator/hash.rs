//! The hash that tells generations of workers apart. The real one is the first eight digits of a SHA-256 of what is generated for
//! all workers; this one is shorter to come by and differs from it. Only whether two are equal matters, and that is the same.
//!
//! Source: ai-dynamo/dynamo, deploy/operator/internal/dynamo/hash.go, ComputeDGDWorkersSpecHash: all workers together, without
//! replicas, adapters and the least that must be available.

use std::hash::Hasher;

use siphasher::sip::SipHasher13;

use crate::systems::dynamo::model::GraphSpec;

/// The hash of a graph's workers: eight hexadecimal digits.
pub fn workers(spec: &GraphSpec) -> String {
    let mut hasher = SipHasher13::new_with_keys(0x776f_726b, 0x6572_7321);
    let mut workers: Vec<_> = spec.components.iter().filter(|one| one.component_type.is_worker()).collect();
    workers.sort_by(|a, b| a.name.cmp(&b.name));
    for worker in workers {
        hasher.write(worker.name.as_bytes());
        hasher.write_u8(0);
        hasher.write_u64(worker.fingerprint);
    }
    format!("{:08x}", hasher.finish() & 0xffff_ffff)
}

/// The number of a template that carries a restart, or is of a generation.
pub fn touched(fingerprint: u64, by: &str) -> u64 {
    if by.is_empty() {
        return fingerprint;
    }
    let mut hasher = SipHasher13::new_with_keys(0x7265_7374, 0x6172_7421);
    hasher.write_u64(fingerprint);
    hasher.write(by.as_bytes());
    hasher.finish()
}
