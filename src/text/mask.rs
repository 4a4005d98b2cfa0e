//! Masks credentials: in URLs, in signed links, behind words like `password=`, and tokens that are known by their form.
//! It rather masks too much than too little. What is an environment variable or an argument is not known here.

use std::borrow::Cow;
use std::ops::Range;

/// How the API server's own words begin that stand behind the path of a field: none of them is a value.
const ANSWERS: &[&str] = &[
    "json: cannot unmarshal ",
    "Required value",
    "Invalid value: ",
    "Unsupported value: ",
    "Duplicate value: ",
    "Too many: ",
    "Not found: ",
    "Forbidden: ",
    "this has no effect here",
];

/// What stands in place of a secret.
const MASK: &str = "***";

/// Words in the name of a parameter that make its value a secret.
const SENSITIVE_PARTS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "signature",
    "credential",
    "apikey",
    "accesskey",
    "privatekey",
    "authkey",
];

/// Whole names of parameters whose value is a secret behind `=`, but may be a plain word behind `:`.
const SENSITIVE_NAMES: &[&str] = &["key", "sig", "auth", "authorization", "sas", "pat", "pass"];

/// How the tokens of well-known services begin.
const TOKEN_PREFIXES: &[&str] = &[
    "hf_",
    "ghp_",
    "gho_",
    "ghs_",
    "ghu_",
    "github_pat_",
    "glpat-",
    "sk-",
    "nvapi-",
    "AKIA",
    "ASIA",
    "xoxb-",
    "xoxp-",
    "eyJ",
];

/// A token of a well-known service has at least so many characters behind its beginning.
const TOKEN_TAIL_MIN: usize = 16;

/// The text with every credential in it replaced by `***`.
pub fn mask(text: &str) -> Cow<'_, str> {
    let ranges = secrets(text);
    if ranges.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut masked = String::with_capacity(text.len());
    let mut copied = 0;
    for range in ranges {
        masked.push_str(&text[copied..range.start]);
        masked.push_str(MASK);
        copied = range.end;
    }
    masked.push_str(&text[copied..]);
    Cow::Owned(masked)
}

/// The value of a parameter or property of this name: hidden altogether if the name says that it is a secret.
pub fn mask_named<'a>(name: &str, value: &'a str) -> Cow<'a, str> {
    if sensitivity(name).is_some() { Cow::Borrowed(MASK) } else { mask(value) }
}

/// The bytes of every credential in the text, in order and apart from each other.
pub(super) fn secrets(text: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    // Most texts have neither a separator nor a long word.
    if text.contains([':', '=', '/', '-', '_', ' ']) || text.len() >= TOKEN_TAIL_MIN {
        in_urls(text, &mut ranges);
        before_hosts(text, &mut ranges);
        behind_names(text, &mut ranges);
        by_form(text, &mut ranges);
    }
    merge(ranges)
}

/// Sorts ranges and joins those that touch.
pub(super) fn merge(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.retain(|range| range.start < range.end);
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut merged: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

const fn ends_word(character: char) -> bool {
    character.is_whitespace() || matches!(character, '"' | '\'' | '`' | '<' | '>')
}

/// `scheme://user:secret@host`, and the token of a pre-authenticated request (`/p/TOKEN/n/…`).
fn in_urls(text: &str, ranges: &mut Vec<Range<usize>>) {
    for (found, _) in text.match_indices("://") {
        let start = found + "://".len();
        let end = text[start..].find(ends_word).map_or(text.len(), |length| start + length);
        let authority_end = text[start..end].find(['/', '?', '#']).map_or(end, |length| start + length);
        if let Some(at) = text[start..authority_end].rfind('@') {
            ranges.push(start..start + at);
        } else if let Some(colon) = text[start..authority_end].find(':')
            && !text[start + colon + 1..authority_end].bytes().all(|byte| byte.is_ascii_digit())
            && let Some(at) = text[start..end].rfind('@')
        {
            // What stands behind the colon is no port, so a `/`, `?` or `#` belongs to a password.
            ranges.push(start..start + at);
        }
    }
    // A fragment with parameters is what some identity providers put tokens in.
    for (found, _) in text.match_indices("://") {
        let end = text[found..].find(ends_word).map_or(text.len(), |length| found + length);
        if let Some(hash) = text[found..end].find('#').filter(|hash| text[found + hash..end].contains('=')) {
            ranges.push(found + hash + 1..end);
        }
    }
    for (found, _) in text.match_indices("/p/") {
        let start = found + "/p/".len();
        let word_end = text[start..].find(ends_word).map_or(text.len(), |length| start + length);
        let end = text[start..word_end].find('/').map_or(word_end, |length| start + length);
        if text[end..].starts_with("/n/") || end - start >= TOKEN_TAIL_MIN {
            ranges.push(start..end);
        }
    }
}

/// `user:secret@registry/image`: what stands before the host of a reference without a scheme. A digest (`image:1@sha256:…`)
/// is no host.
fn before_hosts(text: &str, ranges: &mut Vec<Range<usize>>) {
    for (at, _) in text.match_indices('@') {
        let start = text[..at]
            .rfind(|character| ends_word(character) || character == '/')
            .map_or(0, |place| place + text[place..].chars().next().map_or(1, char::len_utf8));
        let is_digest = ["sha256:", "sha512:"].iter().any(|algorithm| text[at + 1..].starts_with(algorithm));
        if !is_digest && text[start..at].contains(':') && !text[at + 1..].is_empty() {
            ranges.push(start..at);
        }
    }
}

/// `password=…`, `"token": "…"`, `X-Amz-Signature=…`, `--api-key …`, `Authorization: Bearer …`.
fn behind_names(text: &str, ranges: &mut Vec<Range<usize>>) {
    let is_name = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.');
    let mut at = 0;
    while let Some(offset) = text[at..].find(is_name) {
        let start = at + offset;
        let end = text[start..].find(|character| !is_name(character)).map_or(text.len(), |length| start + length);
        at = end;
        let name = &text[start..end];
        if name.eq_ignore_ascii_case("bearer") || name.eq_ignore_ascii_case("basic") {
            if let Some(value) = value_behind_space(text, end)
                && value.len() >= 8
            {
                ranges.push(value);
            }
            continue;
        }
        let Some(sensitivity) = sensitivity(name) else {
            continue;
        };
        if let Some(value) = value_behind_name(text, end, sensitivity) {
            at = value.end.max(at);
            ranges.push(value);
        } else if name.starts_with("--")
            && let Some(value) = value_behind_space(text, end)
            && !text[value.clone()].starts_with('-')
        {
            at = value.end.max(at);
            ranges.push(value);
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sensitivity {
    /// A secret behind `=` alone.
    BehindEquals,
    /// A secret behind `=` and `:`.
    Always,
}

fn sensitivity(name: &str) -> Option<Sensitivity> {
    let plain: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|character| character.to_ascii_lowercase()).collect();
    let last = name.rsplit(['_', '-', '.']).next().unwrap_or(name);
    if SENSITIVE_PARTS.iter().any(|part| plain.contains(part)) {
        Some(Sensitivity::Always)
    } else if SENSITIVE_NAMES.iter().any(|whole| last.eq_ignore_ascii_case(whole)) {
        Some(Sensitivity::BehindEquals)
    } else {
        None
    }
}

/// The value behind `=` or `:` that follows a name, which may stand in quotes as the value may.
fn value_behind_name(text: &str, name_end: usize, sensitivity: Sensitivity) -> Option<Range<usize>> {
    let rest = text[name_end..].trim_start_matches(['"', '\'', '\\']).trim_start_matches(' ');
    let separator = rest.chars().next()?;
    let fits = separator == '=' || (separator == ':' && sensitivity == Sensitivity::Always);
    if !fits || rest.starts_with("://") {
        return None;
    }
    let value = rest[1..].trim_start_matches(' ');
    if separator == ':' && ANSWERS.iter().any(|answer| value.starts_with(answer)) {
        return None;
    }
    quoted_or_plain(text, text.len() - value.len())
}

fn value_behind_space(text: &str, name_end: usize) -> Option<Range<usize>> {
    let rest = &text[name_end..];
    let value = rest.trim_start_matches(' ');
    if value.len() == rest.len() { None } else { quoted_or_plain(text, text.len() - value.len()) }
}

/// The value that begins at `start`: up to its closing quote, or up to what ends a plain value.
fn quoted_or_plain(text: &str, start: usize) -> Option<Range<usize>> {
    let value = &text[start..];
    let quote_length = value.find(|character| !matches!(character, '"' | '\'' | '\\')).unwrap_or(value.len());
    let inner = start + quote_length;
    let end = match value[..quote_length].chars().last() {
        Some(quote) => text[inner..].find(quote),
        None => text[inner..].find(|character: char| ends_word(character) || matches!(character, '&' | ';')),
    };
    let range = inner..end.map_or(text.len(), |length| inner + length);
    if range.is_empty() || is_reference(&text[range.clone()]) { None } else { Some(range) }
}

/// `${vllm.service_url}` and `$(PASSWORD)` name a value and hold none.
fn is_reference(value: &str) -> bool {
    let inner = (value.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')))
        .or_else(|| value.strip_prefix("$(").and_then(|rest| rest.strip_suffix(')')));
    inner.is_some_and(|inner| {
        inner.chars().all(|character| character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.'))
    })
}

/// Tokens of well-known services, wherever they stand.
fn by_form(text: &str, ranges: &mut Vec<Range<usize>>) {
    let is_part = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.');
    for prefix in TOKEN_PREFIXES {
        for (start, _) in text.match_indices(prefix) {
            let tail = start + prefix.len();
            let end = text[tail..].find(|character| !is_part(character)).map_or(text.len(), |length| tail + length);
            if end - tail >= TOKEN_TAIL_MIN {
                ranges.push(start..end);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn masks_what_is_secret() {
        for (text, masked) in [
            ("postgres://llama:hunter2@db:5432/x", "postgres://***@db:5432/x"),
            ("see https://tok@host/a, or b", "see https://***@host/a, or b"),
            ("postgres://u:pa/s#s@db/x", "postgres://***@db/x"),
            (
                "https://objectstorage.eu-frankfurt-1.oraclecloud.com/p/Ab_c-9/n/ns/b/models/o/llama",
                "https://objectstorage.eu-frankfurt-1.oraclecloud.com/p/***/n/ns/b/models/o/llama",
            ),
            ("https://s3/x?X-Amz-Signature=abc&part=1", "https://s3/x?X-Amz-Signature=***&part=1"),
            ("https://h/x?sv=1&sig=abc%2F&se=2", "https://h/x?sv=1&sig=***&se=2"),
            ("host=db password='a b' user=u", "host=db password='***' user=u"),
            ("{\"password\": \"hunter2\", \"a\": 1}", "{\"password\": \"***\", \"a\": 1}"),
            ("DB_PASSWORD=hunter2", "DB_PASSWORD=***"),
            ("--hf-token abc --port 80", "--hf-token *** --port 80"),
            ("Authorization: Bearer abcdefgh.ij", "Authorization: Bearer ***"),
            ("use hf_abcdefghijklmnopqrstu now", "use *** now"),
            ("https://h/cb#access=abc&x=1", "https://h/cb#***"),
            ("pulls user:hunter2@r.example.com/a:1", "pulls ***@r.example.com/a:1"),
        ] {
            assert_eq!(mask(text), masked);
        }
    }

    #[test]
    fn leaves_what_is_not() {
        for text in [
            "deployment/vllm",
            "http://vllm.default.svc.cluster.local:8000/v1",
            "unknown key: `imag`",
            "token=${vllm.internal_dns_name}",
            "oci://ghcr.io/a/b@sha256:00",
            "ghcr.io/a/b:1@sha256:00",
            "alice@example.com",
            "vllm:0.9@sha512:00",
            "https://h/page#part",
            "nvidia.com/gpu=1",
            "key",
            "spec.volumes[0].secret.defaultMode: json: cannot unmarshal string into Go struct field of type int32",
            "spec.volumes[0].secret: Invalid value: -1: must be between 0 and 0777",
            "/p/short/x",
            "",
        ] {
            assert_eq!(mask(text), text);
        }
    }

    #[test]
    fn a_name_may_make_its_value_a_secret() {
        assert_eq!(mask_named("config_password", "plain"), "***");
        assert_eq!(mask_named("container_port", "8000"), "8000");
        assert_eq!(mask_named("service_url", "https://u:p@h/x"), "https://***@h/x");
    }

    proptest! {
        #[test]
        fn never_panics(text in ".{0,60}|([a-z:/@=&?\"' .-]|://|password|token|sig|/p/|/n/){0,20}") {
            let masked = mask(&text);
            prop_assert!(masked.len() <= text.len() + 3 * text.len());
        }

        #[test]
        fn a_secret_never_comes_through(secret in "[A-Z0-9]{6,20}[!#%^*+,.~-]{0,3}", before in "[a-z ]{0,10}", form in 0usize..7) {
            let text = match form {
                0 => format!("{before} https://user:{secret}@host/x"),
                1 => format!("{before} https://objectstorage.x.com/p/{}/n/a", secret.replace(['#', '%'], "")),
                2 => format!("{before} https://h/x?a=1&X-Amz-Signature={secret}&b=2"),
                3 => format!("{before} password={secret}"),
                4 => format!("\"client_secret\": \"{secret}\" {before}"),
                5 => format!("{before} --api-token {}", secret.trim_start_matches('-')),
                _ => format!("Authorization: Bearer {secret}00"),
            };
            prop_assert!(!mask(&text).contains(&secret[..6]), "{}", mask(&text));
        }
    }
}
