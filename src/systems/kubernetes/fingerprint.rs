//! One number for all that a pod template says: two templates are one revision if their numbers are equal. The model has no field
//! for environment, arguments or annotations, and must keep none of their values; a change of them is a new revision all the same.

use std::hash::Hasher;

use k8s_openapi::api::core::v1::PodTemplateSpec;
use serde_json::Value;
use siphasher::sip::SipHasher13;

/// Values that the API server fills in where a template says nothing: with or without them it is the same template.
/// Source: k8s.io/kubernetes v1.36.3, pkg/apis/core/v1/defaults.go.
const DEFAULTS: &[(&str, Default)] = &[
    ("restartPolicy", Default::Text("Always")),
    ("terminationGracePeriodSeconds", Default::Number(30)),
    ("dnsPolicy", Default::Text("ClusterFirst")),
    ("schedulerName", Default::Text("default-scheduler")),
    ("securityContext", Default::Empty),
    ("terminationMessagePath", Default::Text("/dev/termination-log")),
    ("terminationMessagePolicy", Default::Text("File")),
    ("protocol", Default::Text("TCP")),
    ("timeoutSeconds", Default::Number(1)),
    ("periodSeconds", Default::Number(10)),
    ("successThreshold", Default::Number(1)),
    ("failureThreshold", Default::Number(3)),
    ("scheme", Default::Text("HTTP")),
    ("defaultMode", Default::Number(0o644)),
    ("imagePullPolicy", Default::Text("IfNotPresent")),
    ("apiVersion", Default::Text("v1")),
    ("resources", Default::Empty),
    ("metadata", Default::Empty),
];

/// A value that is filled in.
enum Default {
    Text(&'static str),
    Number(i64),
    Empty,
}

impl Default {
    fn is(&self, value: &Value) -> bool {
        match self {
            Default::Text(text) => value.as_str() == Some(text),
            Default::Number(number) => value.as_i64() == Some(*number),
            Default::Empty => value.as_object().is_some_and(serde_json::Map::is_empty),
        }
    }
}

/// The number of a template.
pub fn fingerprint(template: &PodTemplateSpec) -> u64 {
    let mut hasher = SipHasher13::new_with_keys(0x7465_6d70, 0x6c61_7465);
    match serde_json::to_value(template) {
        Ok(value) => feed(&value, &mut hasher),
        Err(_) => hasher.write_u8(0xff),
    }
    hasher.finish()
}

/// The number of a template that was touched once more: a restart.
pub fn touched(fingerprint: u64, by: u64) -> u64 {
    let mut hasher = SipHasher13::new_with_keys(fingerprint, 0x7265_7374);
    hasher.write_u64(by);
    hasher.finish()
}

/// Feeds a value; every piece has its length or its kind before it, so that no two values feed the same.
fn feed(value: &Value, hasher: &mut SipHasher13) {
    match value {
        Value::Object(map) => {
            hasher.write_u8(1);
            let mut entries: Vec<(&String, &Value)> =
                map.iter().filter(|(key, value)| !is_default(key, value)).collect();
            entries.sort_by_key(|(key, _)| *key);
            hasher.write_u64(entries.len() as u64);
            for (key, value) in entries {
                text(key, hasher);
                // Requests and limits are in the model, as amounts: `1` and `1000m` are the same.
                if key != "resources" {
                    feed(value, hasher);
                }
            }
        }
        Value::Array(items) => {
            hasher.write_u8(2);
            hasher.write_u64(items.len() as u64);
            for item in items {
                feed(item, hasher);
            }
        }
        Value::String(one) => {
            hasher.write_u8(3);
            text(one, hasher);
        }
        other => {
            hasher.write_u8(4);
            text(&other.to_string(), hasher);
        }
    }
}

fn text(text: &str, hasher: &mut SipHasher13) {
    hasher.write_u64(text.len() as u64);
    hasher.write(text.as_bytes());
}

fn is_default(key: &str, value: &Value) -> bool {
    value.is_null() || DEFAULTS.iter().any(|(name, default)| *name == key && default.is(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> u64 {
        fingerprint(&serde_json::from_str(text).expect("a template"))
    }

    #[test]
    fn what_the_server_fills_in_changes_nothing() {
        let short = r#"{"spec": {"containers": [{"name": "a", "image": "b", "ports": [{"containerPort": 80}]}]}}"#;
        let long = r#"{"metadata": {"creationTimestamp": null}, "spec": {"restartPolicy": "Always", "dnsPolicy": "ClusterFirst",
            "containers": [{"image": "b", "name": "a", "resources": {},
            "ports": [{"protocol": "TCP", "containerPort": 80}]}]}}"#;
        assert_eq!(of(short), of(long));
    }

    #[test]
    fn whatever_a_user_changes_is_a_new_revision() {
        let with = |env: &str, annotation: &str| {
            of(&format!(
                r#"{{"metadata": {{"annotations": {{"a": "{annotation}"}}}},
                    "spec": {{"containers": [{{"name": "a", "env": [{{"name": "A", "value": "{env}"}}]}}]}}}}"#
            ))
        };
        assert_ne!(with("1", "x"), with("2", "x"));
        assert_ne!(with("1", "x"), with("1", "y"));
        assert_ne!(touched(1, 1), touched(1, 2));
    }
}
