//! `${deployment.key}` in a string: where it stands and what it names. What a reference resolves to is `resolve`'s.
//!
//! A reference has exactly one dot between two names of letters, digits, `_` and `-`. Shell text such as `${LLM_MODEL}` and
//! Kubernetes' own `$(NAME)` are no references and stay as they are.

use std::ops::Range;

/// A reference in a string.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reference<'a> {
    /// The bytes of `${deployment.key}`.
    pub range: Range<usize>,
    /// The member of the group that it names.
    pub member: &'a str,
    /// What of it.
    pub key: &'a str,
}

/// The references in `text`, from left to right.
pub fn references(text: &str) -> Vec<Reference<'_>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(offset) = text[from..].find("${") {
        let open = from + offset;
        let Some(length) = text[open..].find('}') else { break };
        let close = open + length;
        // Of `${${a.b}` the inner one counts: a brace that never closes by itself hides nothing.
        let inner = text[open + 2..close].rfind("${").map_or(open, |nested| open + 2 + nested);
        if let Some((member, key)) = text[inner + 2..close].split_once('.')
            && is_name(member)
            && is_name(key)
        {
            found.push(Reference { range: inner..close + 1, member, key });
        }
        from = close + 1;
    }
    found
}

/// `text` with every reference replaced by what `value` gives for it.
///
/// # Errors
/// The first error of `value`.
pub fn replace<E>(text: &str, mut value: impl FnMut(&Reference<'_>) -> Result<String, E>) -> Result<String, E> {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for reference in references(text) {
        out.push_str(&text[from..reference.range.start]);
        out.push_str(&value(&reference)?);
        from = reference.range.end;
    }
    out.push_str(&text[from..]);
    Ok(out)
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn named(text: &str) -> Vec<(&str, &str)> {
        references(text).into_iter().map(|one| (one.member, one.key)).collect()
    }

    #[test]
    fn finds_names_with_one_dot_and_nothing_else() {
        assert_eq!(named("http://${vllm.internal_dns_name}/v1"), [("vllm", "internal_dns_name")]);
        assert_eq!(named("${nim-llm.service_name}:${a_b.port}"), [("nim-llm", "service_name"), ("a_b", "port")]);
        for text in [
            "${LLM_MODEL}",
            "$(Model_Path)",
            "${a.b.c}",
            "${.b}",
            "${a.}",
            "${a b.c}",
            "${a.b",
            "$a.b",
            "${x:-a.b}",
            "${}",
        ] {
            assert_eq!(named(text), [], "{text}");
        }
        assert_eq!(named("${${a.b}}"), [("a", "b")]);
        assert_eq!(named("${open ${a.b}"), [("a", "b")]);
    }

    #[test]
    fn replaces_references_and_leaves_the_rest() {
        let out = replace("${LLM} $(X) ${a.b}-${a.c}é", |one| Ok::<_, ()>(one.key.to_uppercase()));
        assert_eq!(out.as_deref(), Ok("${LLM} $(X) B-Cé"));
        assert_eq!(replace("${a.b}", |_| Err("no")), Err("no"));
    }

    proptest! {
        #[test]
        fn replacing_by_itself_changes_nothing(text in "[${}.ab é\\-_(]{0,40}") {
            let same = replace(&text, |one| Ok::<_, ()>(format!("${{{}.{}}}", one.member, one.key)));
            prop_assert_eq!(same, Ok(text));
        }
    }
}
