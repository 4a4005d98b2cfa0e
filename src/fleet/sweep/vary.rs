//! A parameter and its values: `cluster.nodes[a10].count=2..16`, `=1,2,4`, `=30s..5m:30s`.

use std::collections::BTreeSet;

use super::cursor::Cursor;
use super::path::{Path, Spans};
use crate::kernel::Duration;
use crate::text::duration::parse as parse_duration;
use crate::text::{Diagnostic, Source, Span};

/// The most values of one parameter.
const VALUES_MAX: usize = 10_000;
/// The name under which messages show what is wrong.
const OPTION: &str = "--vary";
/// What else people part the keys of a path with.
const OTHER_PARTINGS: [char; 5] = [';', '/', ':', ',', '|'];

/// A parameter. Two are the same if their paths and values are, however they were written.
#[derive(Clone, Debug)]
pub struct Vary {
    /// What is varied.
    pub path: Path,
    /// Its values, as a scenario writes them, in the order of the plans.
    pub values: Vec<String>,
    /// As it was written.
    pub written: Written,
}

/// The text of a parameter, and where its parts stand in it.
#[derive(Clone, Debug)]
pub struct Written {
    /// The text, under the name of the option.
    pub source: Source,
    /// The parts of the path.
    pub path: Spans,
    /// Each value of a list; the whole of a range.
    values: Vec<Span>,
}

impl PartialEq for Vary {
    fn eq(&self, other: &Vary) -> bool {
        (&self.path, &self.values) == (&other.path, &other.values)
    }
}

impl Eq for Vary {}

impl Written {
    /// Where a value stands, by its position.
    pub fn value(&self, place: usize) -> Span {
        self.values.get(place).or(self.values.first()).copied().unwrap_or_default()
    }
}

impl Vary {
    /// Reads a parameter.
    ///
    /// # Errors
    /// What is wrong with it, at its place.
    pub fn parse(text: &str) -> Result<Vary, Diagnostic> {
        let mut cursor = Cursor::new(OPTION, text)?;
        cursor.skip_space();
        let start = cursor.at();
        let (path, spans) = Path::read_with_spans(&mut cursor)?;
        match path.to_string().as_str() {
            "seed" => {
                let why = "each sample has a seed of its own: --seed and --samples say which";
                return Err(cursor.error_since(start, why));
            }
            "name" => return Err(cursor.error_since(start, "the name of a scenario changes nothing of its runs")),
            _ => {}
        }
        cursor.skip_space();
        if let Some(meant) = cursor.rest().starts_with(OTHER_PARTINGS).then(|| with_points(&text[start..])).flatten() {
            return Err(cursor.error(format!("the keys of a path are parted by points: did you mean `{meant}`?")));
        }
        cursor.expect("=", "and the values, as in `=2..16`")?;
        let written = cursor.rest();
        let (values, places) = match written.split_once("..").filter(|_| !written.contains(',')) {
            Some(_) => range(&mut cursor)?,
            None => list(&mut cursor)?,
        };
        let written = Written { source: cursor.source().clone(), path: spans, values: places };
        Ok(Vary { path, values, written })
    }
}

/// The path that may have been meant by one whose keys are parted by something else than points; `None`: that is none either.
fn with_points(text: &str) -> Option<String> {
    let (path, _) = text.split_once('=')?;
    let mut inside = false;
    let pointed = path.trim().chars().map(|letter| {
        inside = match letter {
            '[' => true,
            ']' => false,
            _ => inside,
        };
        if !inside && OTHER_PARTINGS.contains(&letter) { '.' } else { letter }
    });
    let pointed: String = pointed.collect();
    let mut cursor = Cursor::new(OPTION, &pointed).ok()?;
    let read = Path::read(&mut cursor).ok()?;
    cursor.is_done().then(|| read.to_string())
}

type Values = (Vec<String>, Vec<Span>);

/// The next word up to a character, without the white space around it, and where it stands.
fn word<'t>(cursor: &mut Cursor<'t>, end: &[char]) -> (&'t str, Span) {
    cursor.skip_space();
    let start = cursor.at();
    let word = cursor.take_while(|letter| !end.contains(&letter)).trim_end();
    (word, Span::new(start as u32, (start + word.len()) as u32))
}

/// `1,2,4`.
fn list(cursor: &mut Cursor<'_>) -> Result<Values, Diagnostic> {
    let (mut values, mut places, mut known) = (Vec::new(), Vec::new(), BTreeSet::new());
    loop {
        let (value, at) = word(cursor, &[',']);
        let wrong = |why: String| Diagnostic::error(cursor.source(), at, why);
        if value.is_empty() {
            return Err(wrong("expected a value: `=2..16`, `=1,2,4` or `=30s..5m:30s`".to_owned()));
        }
        if !known.insert(value) {
            return Err(wrong(format!("the value `{value}` stands here twice")));
        }
        if values.len() == VALUES_MAX {
            return Err(wrong(format!("a parameter has at most {VALUES_MAX} values")));
        }
        values.push(value.to_owned());
        places.push(at);
        if !cursor.takes(",") {
            return Ok((values, places));
        }
    }
}

/// `2..16`, `2..16:2`, `30s..5m:30s`: both ends are among the values if the step leads to the last.
fn range(cursor: &mut Cursor<'_>) -> Result<Values, Diagnostic> {
    const FORM: &str =
        "a range goes from one whole number or length of time to another, as in `2..16` or `30s..5m:30s`";
    cursor.skip_space();
    let start = cursor.at();
    let (from, from_at) = word(cursor, &['.', ':']);
    if !cursor.takes("..") {
        return Err(cursor.error(FORM));
    }
    let (to, to_at) = word(cursor, &[':']);
    let step = cursor.takes(":").then(|| word(cursor, &[]));
    let (source, all) = (cursor.source().clone(), Span::new(start as u32, cursor.at() as u32));
    let wrong = |at: Span, why: &str| Diagnostic::error(&source, at, why);
    let length = |text: &str| parse_duration(text).map(Duration::nanos);
    let number = |text: &str| text.parse::<u64>();
    let values: Result<Vec<String>, String> = match (number(from), number(to)) {
        (Ok(from), Ok(to)) => {
            let step = match step {
                None => 1,
                Some((step, at)) => number(step).map_err(|_| wrong(at, "the step must be a whole number"))?,
            };
            stepped(from, to, step).map(|values| values.iter().map(u64::to_string).collect())
        }
        // A number and something else: what is wrong is the something else.
        (Ok(_), Err(_)) if length(to).is_err() => return Err(wrong(to_at, FORM)),
        _ => {
            let first = length(from).map_err(|_| wrong(from_at, FORM))?;
            let last = length(to).map_err(|_| wrong(to_at, FORM))?;
            let Some((step, at)) = step else {
                let why = format!("a range of lengths of time needs a step, as in `{from}..{to}:30s`");
                return Err(wrong(all, &why));
            };
            let step = length(step).map_err(|error| wrong(at, &format!("the step is no length of time: {error}")))?;
            stepped(first, last, step)
                .map(|values| values.into_iter().map(|nanos| Duration::from_nanos(nanos).to_string()).collect())
        }
    };
    Ok((values.map_err(|why| wrong(all, &why))?, vec![all]))
}

fn stepped(from: u64, to: u64, step: u64) -> Result<Vec<u64>, String> {
    if step == 0 {
        return Err("the step must be more than 0".to_owned());
    }
    if from > to {
        return Err("the range ends before it begins".to_owned());
    }
    if (to - from) / step >= VALUES_MAX as u64 {
        return Err(format!("a parameter has at most {VALUES_MAX} values"));
    }
    Ok((0..=(to - from) / step).map(|steps| from + steps * step).collect())
}
