//! XML as it is written: elements, indented by their depth, with what XML cannot hold left out. What the elements mean is
//! `junit`'s.

use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

/// Spaces for each step of depth.
const INDENT: usize = 4;

/// A document that is being written.
pub struct Xml<'a>(Writer<&'a mut dyn Write>);

/// Attributes and their values, in the order in which they are written.
pub type Attributes<'a> = &'a [(&'a str, String)];

impl<'a> Xml<'a> {
    /// Begins a document in UTF-8.
    ///
    /// # Errors
    /// Those of the writer, here and below.
    pub fn begin(out: &'a mut dyn Write) -> io::Result<Xml<'a>> {
        let mut writer = Writer::new_with_indent(out, b' ', INDENT);
        writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        Ok(Xml(writer))
    }

    /// Opens an element that holds others.
    pub fn open(&mut self, name: &str, attributes: Attributes<'_>) -> io::Result<()> {
        self.0.write_event(Event::Start(start(name, attributes)))
    }

    /// Closes the element that was opened last.
    pub fn close(&mut self, name: &str) -> io::Result<()> {
        self.0.write_event(Event::End(BytesEnd::new(name)))
    }

    /// An element that holds nothing.
    pub fn empty(&mut self, name: &str, attributes: Attributes<'_>) -> io::Result<()> {
        self.0.write_event(Event::Empty(start(name, attributes)))
    }

    /// An element that holds a text.
    pub fn text(&mut self, name: &str, attributes: Attributes<'_>, text: &str) -> io::Result<()> {
        self.open(name, attributes)?;
        self.0.write_event(Event::Text(BytesText::new(&allowed(text))))?;
        self.close(name)
    }
}

fn start<'n>(name: &'n str, attributes: Attributes<'_>) -> BytesStart<'n> {
    let mut start = BytesStart::new(name);
    for (name, value) in attributes {
        start.push_attribute((*name, allowed(value).as_str()));
    }
    start
}

/// The text without terminal escapes and without the characters that no XML 1.0 document may hold, even escaped.
fn allowed(text: &str) -> String {
    let plain = anstream::adapter::strip_str(text).to_string();
    let is_char = |character: &char| matches!(character, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    plain.chars().filter(is_char).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_text_is_escaped_or_left_out() {
        let mut out = Vec::new();
        let mut xml = Xml::begin(&mut out).expect("memory");
        xml.open("a", &[("b", "1 < \"2\" & \u{1b}[31mred\u{1b}[0m\n".to_owned())]).expect("memory");
        xml.text("c", &[], "]]> <d>\u{0}\u{fffe}é\n").expect("memory");
        xml.empty("e", &[]).expect("memory");
        xml.close("a").expect("memory");
        insta::assert_snapshot!(String::from_utf8(out).expect("UTF-8"));
    }
}
