//! Names of images, as Kubernetes takes them: the API takes any text, and a kubelet then refuses what is no reference (`InvalidImageName`).
//! The grammar is that of github.com/distribution/reference, regexp.go and reference.go, v0.6.0.

use std::sync::LazyLock;

use regex::Regex;

use crate::text::diagnostic::quote;

/// The longest name, without tag and digest.
const NAME_MAX: usize = 255;

/// `[HOST[:PORT]/]PATH[:TAG][@DIGEST]`; the first group is the name.
static REFERENCE: LazyLock<Regex> = LazyLock::new(|| {
    let label = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
    let host = format!(r"(?:{label}(?:\.{label})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?");
    let part = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
    let tag = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}";
    let digest = "[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}";
    let text = format!("^((?:{host}/)?{part}(?:/{part})*)(?::{tag})?(?:@{digest})?$");
    Regex::new(&text).expect("it is a regular expression")
});

/// Whether a text names an image.
///
/// # Errors
/// It names none; a sentence.
pub fn check(text: &str) -> Result<(), String> {
    const FORM: &str = "expected an image such as `registry.example.com/team/greenroom:0.1`";
    if text.is_empty() {
        return Err(format!("{FORM}, and there is nothing"));
    }
    let Some(name) = REFERENCE.captures(text).and_then(|found| found.get(1)) else {
        let is_upper = REFERENCE.is_match(&text.to_lowercase());
        let why = if is_upper { "its name has capital letters" } else { "it is none" };
        return Err(format!("{FORM}, not {}: {why}", quote(text)));
    };
    if name.len() > NAME_MAX {
        return Err(format!("the name of an image has at most {NAME_MAX} characters, and this one {}", name.len()));
    }
    // What looks like the id of an image is taken for one, and none can be fetched by it.
    if name.len() == 64 && name.as_str().bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return Err(format!("{FORM}, not the id of one"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn images_are_taken_and_what_names_none_is_refused() {
        let digest = format!("sha256:{}", "0a".repeat(32));
        let (long, longest) = (format!("a/{}", "b".repeat(254)), format!("a/{}", "b".repeat(253)));
        for image in [
            "greenroom",
            "greenroom:0.1",
            "library/greenroom:V1_2-x",
            "localhost:5000/a/b__c--d.e:latest",
            "Registry.Example.com/a",
            "[2001:db8::1]:5000/a",
            &format!("a@{digest}"),
            &format!("a:1@{digest}"),
            &longest,
        ] {
            assert_eq!(check(image), Ok(()), "{image}");
        }
        for (image, why) in [
            ("", "there is nothing"),
            (" greenroom", "it is none"),
            ("greenroom:", "it is none"),
            ("greenroom:a b", "it is none"),
            ("greenroom::1", "it is none"),
            ("https://a/b", "it is none"),
            ("a//b", "it is none"),
            ("a___b", "it is none"),
            ("-a", "it is none"),
            ("a@sha256:00", "it is none"),
            ("a/Greenroom:1", "capital letters"),
            (&"0a".repeat(32), "the id of one"),
            (&long, "at most 255"),
        ] {
            assert!(check(image).is_err_and(|error| error.contains(why)), "{image:?}: {:?}", check(image));
        }
    }
}
