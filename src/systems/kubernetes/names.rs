//! The forms of names and labels that the API server takes.
//! Source: k8s.io/apimachinery v0.36.3, pkg/util/validation/validation.go and pkg/api/validate/content.

use std::collections::BTreeMap;

use super::complaint::Findings;
use crate::timeline::Kind;

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', \
     and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
     '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must \
     start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is \
     '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const SERVICE: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an \
     alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for \
     validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const KEY: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an \
     alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is \
     '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and \
     must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for \
     validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/// The longest subdomain.
const SUBDOMAIN_BYTES_MAX: usize = 253;
/// The longest label.
const LABEL_BYTES_MAX: usize = 63;

const fn is_lower(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

/// `[a-z0-9]([-a-z0-9]*[a-z0-9])?`.
fn is_label(text: &str) -> bool {
    let bytes = text.as_bytes();
    !bytes.is_empty()
        && bytes.iter().all(|byte| is_lower(*byte) || *byte == b'-')
        && is_lower(bytes[0])
        && is_lower(bytes[bytes.len() - 1])
}

/// `([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]`.
fn is_word(text: &str) -> bool {
    let bytes = text.as_bytes();
    !bytes.is_empty()
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
        && bytes[0].is_ascii_alphanumeric()
        && bytes[bytes.len() - 1].is_ascii_alphanumeric()
}

fn too_long(most: usize) -> String {
    format!("must be no more than {most} bytes")
}

/// What is wrong with a subdomain, if anything is.
pub fn subdomain(text: &str) -> Option<String> {
    if text.len() > SUBDOMAIN_BYTES_MAX {
        return Some(too_long(SUBDOMAIN_BYTES_MAX));
    }
    (!text.split('.').all(is_label)).then(|| SUBDOMAIN.to_owned())
}

/// What is wrong with a label of a domain, if anything is.
pub fn label(text: &str) -> Option<String> {
    if text.len() > LABEL_BYTES_MAX {
        return Some(too_long(LABEL_BYTES_MAX));
    }
    (!is_label(text)).then(|| LABEL.to_owned())
}

/// What is wrong with the name of an object of this kind, if anything is.
pub fn object(kind: Kind, name: &str) -> Option<String> {
    match kind {
        Kind::Namespace => label(name),
        Kind::Service if name.len() > LABEL_BYTES_MAX => Some(too_long(LABEL_BYTES_MAX)),
        Kind::Service => (!is_label(name) || !name.as_bytes()[0].is_ascii_lowercase()).then(|| SERVICE.to_owned()),
        // Its pods carry the name in their host names.
        Kind::LeaderWorkerSet => label(name),
        _ => subdomain(name),
    }
}

/// Complains of labels that are none.
pub fn check_labels(labels: &BTreeMap<String, String>, path: &str, findings: &mut Findings) {
    for (key, value) in labels {
        check_key(key, path, findings);
        if value.len() > LABEL_BYTES_MAX {
            findings.invalid_text(path, value, &too_long(LABEL_BYTES_MAX));
        } else if !value.is_empty() && !is_word(value) {
            findings.invalid_text(path, value, VALUE);
        }
    }
}

/// What is wrong with the key or value of a taint, which are those of labels, if anything is.
pub fn taint_mistake(key: &str, value: &str) -> Option<String> {
    let mut findings = Findings::default();
    check_labels(&[(key.to_owned(), value.to_owned())].into(), "taint", &mut findings);
    findings.complaints.first().map(|complaint| complaint.message.clone())
}

/// Complains of a key of labels or annotations that is none.
pub fn check_key(key: &str, path: &str, findings: &mut Findings) {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    if let Some(prefix) = prefix {
        if prefix.is_empty() {
            findings.invalid_text(path, key, "prefix part must be non-empty");
        } else if let Some(wrong) = subdomain(prefix) {
            findings.invalid_text(path, key, &format!("prefix part {wrong}"));
        }
    }
    if name.is_empty() {
        findings.invalid_text(path, key, "name part must be non-empty");
    } else if name.len() > LABEL_BYTES_MAX {
        findings.invalid_text(path, key, &format!("name part {}", too_long(LABEL_BYTES_MAX)));
    } else if !is_word(name) {
        findings.invalid_text(path, key, KEY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_the_api_server_takes() {
        for name in ["web", "web-1", "a.b-c.d", "0", &"x".repeat(253)] {
            assert_eq!(subdomain(name), None, "{name}");
        }
        for name in ["", "Web", "-a", "a-", "a..b", "a_b", ".a", &"x".repeat(254)] {
            assert!(subdomain(name).is_some(), "{name}");
        }
        assert!(object(Kind::Service, "1web").is_some_and(|wrong| wrong.contains("DNS-1035")));
        assert!(object(Kind::Namespace, "a.b").is_some());
    }

    #[test]
    fn complains_of_labels() {
        let told = |key: &str, value: &str| {
            let mut findings = Findings::default();
            check_labels(&[(key.to_owned(), value.to_owned())].into(), "metadata.labels", &mut findings);
            findings.complaints.len()
        };
        assert_eq!([told("app", "web"), told("example.com/App_1", ""), told("a", "b.C-d")], [0, 0, 0]);
        assert_eq!([told("/a", "b"), told("a b", "c"), told("a", "-b"), told("x.Y/a", "b")], [1, 1, 1, 1]);
        assert_eq!(told("a", &"x".repeat(64)), 1);
    }
}
