//! Names and subjects as a scenario writes them: their form, and that no name is taken twice.

use std::collections::BTreeMap;

use super::Reader;
use crate::text::Diagnostic;
use crate::text::Span;
use crate::text::decode::{Spanned, list};
use crate::text::diagnostic::{nearest, quote};
use crate::timeline::{Kind, states};

/// The longest name that Kubernetes gives an object.
const NAME_BYTES_MAX: usize = 253;

impl Reader<'_, '_> {
    /// True if a part of a subject has a cluster, and one that is not there.
    fn names_no_cluster(&self, text: &str) -> bool {
        let clusters = text.split('/').filter_map(|part| Some(part.split_once('@')?.1));
        let mut unknown = clusters.filter(|named| !self.clusters.iter().any(|cluster| cluster == named));
        unknown.next().is_some()
    }

    /// `kind/name` or `kind/namespace/name`; the kind may be what the API calls it, and comes back as subjects have it. A subject that
    /// cannot exist is reported, and still returned.
    pub(super) fn subject(&mut self, text: &str, span: Span) -> String {
        let source = self.context.source;
        let wrong = |message: String| Diagnostic::error(source, span, message);
        let error = match text.split_once('/') {
            _ if self.names_no_cluster(text) => Some(
                wrong(format!("{} names a cluster that the scenario does not have", quote(text)))
                    .help("what stands behind `@` is the name of one of its `clusters`"),
            ),
            None => {
                let unknown = wrong(format!("{} is not a subject", quote(text)));
                Some(unknown.help(format!("write a kind and a name, such as {}", quote(&format!("deployment/{text}")))))
            }
            Some((kind, rest)) => match Kind::named(kind) {
                None => Some(unknown_kind(wrong(format!("there are no subjects of the kind {}", quote(kind))), kind)),
                Some(_) if rest.split('/').any(str::is_empty) || rest.split('/').count() > 2 => {
                    Some(wrong(format!("{} is not a subject", quote(text))).help(format!("write `{kind}/NAME`")))
                }
                Some(_) if text.len() > 3 * NAME_BYTES_MAX => Some(wrong("this name is too long".to_owned())),
                Some(_) => None,
            },
        };
        if let Some(error) = error {
            self.context.report(error);
        }
        match text.split_once('/').and_then(|(kind, rest)| Some((Kind::named(kind)?, rest))) {
            Some((kind, rest)) => format!("{}/{rest}", kind.text()),
            None => text.to_owned(),
        }
    }

    /// A state that a subject is to reach: one of those that its kind can have.
    pub(super) fn state(&mut self, subject: &str, state: &Spanned<String>) {
        if state.value.is_empty() {
            return self.context.error(state.span, "a state cannot be empty");
        }
        let kind = subject.split_once('/').and_then(|(kind, _)| Kind::parse(kind));
        if let Some((told, help)) = kind.and_then(|kind| states::mistake(kind, &state.value)) {
            self.context.report(Diagnostic::error(self.context.source, state.span, told).help(help));
        }
    }

    /// A name that Kubernetes takes for an object: lower-case letters, digits, `-` and `.`.
    pub(super) fn object_name(&mut self, name: &Spanned<String>, what: &str) {
        let fits =
            |character: char| character.is_ascii_lowercase() || character.is_ascii_digit() || "-.".contains(character);
        let edges = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit();
        let text = &name.value;
        if text.len() > NAME_BYTES_MAX || !text.chars().all(fits) || !text.starts_with(edges) || !text.ends_with(edges)
        {
            let message = format!("{} cannot be the name of {what}", quote(text));
            let help = "a name has lower-case letters, digits, `-` and `.`, and begins and ends with a letter or digit";
            self.context.report(Diagnostic::error(self.context.source, name.span, message).help(help));
        }
    }
}

pub(super) fn unknown_kind(error: Diagnostic, kind: &str) -> Diagnostic {
    let known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.text()).collect();
    match nearest(kind, known.iter().copied()) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error.note(format!("kinds are {}", list(&known))),
    }
}

/// Names that are taken, and where.
#[derive(Default)]
pub(super) struct Taken {
    names: BTreeMap<String, Span>,
}

impl Taken {
    /// Takes a name; an error if it is taken already.
    pub(super) fn take(&mut self, name: &str, span: Span, what: &str, reader: &mut Reader<'_, '_>) {
        if let Some(first) = self.names.get(name) {
            let source = reader.context.source;
            let error = Diagnostic::error(source, span, format!("there are two {what} of the name {}", quote(name)));
            reader.context.report(error.related(source, *first, "the first"));
        } else {
            self.names.insert(name.to_owned(), span);
        }
    }

    /// True if the name is taken.
    pub(super) fn contains(&self, name: &str) -> bool {
        self.names.contains_key(name)
    }
}
