//! A page with the table and the curves. It needs nothing but itself: no script, no font, no other file.

use std::io::{self, Write};

use super::curves::{Panel, svg};
use super::text;
use crate::fleet::replay::Outcome;
use crate::report::Paint;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1b1b1b}\
pre{overflow-x:auto;background:#f5f5f2;padding:1rem;font-size:13px}svg{max-width:100%;height:auto}";

/// Writes the page.
///
/// # Errors
/// Those of the writer, and what could not be drawn.
pub fn write(out: &mut dyn Write, outcomes: &[Outcome]) -> io::Result<()> {
    let mut table = Vec::new();
    text::write(&mut table, outcomes, Paint::Plain)?;
    writeln!(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">")?;
    writeln!(out, "<meta name=\"viewport\" content=\"width=device-width\">\n<title>greenroom fleet</title>")?;
    writeln!(out, "<style>{STYLE}</style>\n</head>\n<body>\n<h1>greenroom fleet</h1>")?;
    writeln!(out, "<pre>{}</pre>", escaped(&String::from_utf8_lossy(&table)))?;
    for panel in Panel::all_of(outcomes) {
        writeln!(out, "{}", svg(outcomes, *panel).map_err(io::Error::other)?)?;
    }
    writeln!(out, "</body>\n</html>")
}

/// A text that HTML shows as it is.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
