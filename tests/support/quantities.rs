//! Quantities as recordings of Kubernetes have them, where they are whole.

use serde_json::Value;

/// Thousandths of a core.
pub fn cpu_milli(value: &Value) -> u64 {
    match text(value).strip_suffix('m') {
        Some(milli) => milli.parse().expect("milli-CPU"),
        None => text(value).parse::<u64>().expect("CPU") * 1000,
    }
}

/// Bytes.
pub fn bytes(value: &Value) -> u64 {
    let (digits, shift) = match text(value).split_at(text(value).len() - 2) {
        (digits, "Mi") => (digits, 20),
        (digits, "Gi") => (digits, 30),
        (digits, "Ti") => (digits, 40),
        other => panic!("unknown unit in {other:?}"),
    };
    digits.parse::<u64>().expect("a number") << shift
}

/// The text of a quantity.
pub fn text(value: &Value) -> &str {
    value.as_str().expect("a quantity")
}
