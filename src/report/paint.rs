//! Colours of the text that people read. Plain text is the same without them.

use anstyle::{AnsiColor, Style};

/// Whether a text is coloured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Paint {
    /// No escapes at all.
    Plain,
    /// ANSI escapes.
    Colour,
}

/// What a piece of text is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tone {
    /// Went well.
    Good,
    /// Went wrong.
    Bad,
    /// Worth a look.
    Notice,
    /// Background: the substrate, labels.
    Faint,
    /// A heading.
    Strong,
}

impl Tone {
    const fn style(self) -> Style {
        match self {
            Tone::Good => AnsiColor::Green.on_default(),
            Tone::Bad => AnsiColor::Red.on_default().bold(),
            Tone::Notice => AnsiColor::Yellow.on_default(),
            Tone::Faint => Style::new().dimmed(),
            Tone::Strong => Style::new().bold(),
        }
    }
}

impl Paint {
    /// The text in its tone.
    pub fn tone(self, tone: Tone, text: &str) -> String {
        match self {
            Paint::Plain => text.to_owned(),
            Paint::Colour => {
                let style = tone.style();
                format!("{style}{text}{style:#}")
            }
        }
    }
}
