//! The text of an entry. Reports and snapshots lay these texts out; what they say is decided here.

use std::fmt::Write;

use super::{Arg, Why};
use crate::kernel::Names;
use crate::text::mask::mask;

/// The text of a [`Why`], its holes filled in.
pub fn why(why: &Why, names: &Names) -> String {
    let mut out = String::new();
    let mut args = why.args.iter();
    let mut pieces = why.template.split("{}");
    out.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        write_arg(args.next().copied().unwrap_or_default(), names, &mut out);
        out.push_str(piece);
    }
    out
}

/// Appends the text of one argument.
fn write_arg(arg: Arg, names: &Names, out: &mut String) {
    let written = match arg {
        Arg::None => Ok(()),
        Arg::Count(count) => write!(out, "{count}"),
        Arg::Length(length) => write!(out, "{length}"),
        // Texts come from documents: images, addresses, messages.
        Arg::Text(symbol) => out.write_str(&mask(names.text(symbol))),
        Arg::Name(name) => {
            names.write(name, out);
            Ok(())
        }
        Arg::Subject(subject) => {
            subject.write(names, out);
            Ok(())
        }
        Arg::Devices(mask) => {
            let devices: Vec<String> = (0..64).filter(|bit| mask >> bit & 1 == 1).map(|bit| bit.to_string()).collect();
            out.write_str(&devices.join(","))
        }
    };
    written.expect("writing to a string cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{Duration, Name};

    #[test]
    fn fills_the_holes_in_order() {
        let mut names = Names::default();
        let node = Name::numbered(names.intern("a10"), 0);
        let bound = Why::with2("bound to {}, GPUs {}", Arg::Name(node), Arg::Devices(0b101));
        assert_eq!(why(&bound, &names), "bound to a10-0, GPUs 0,2");
        assert_eq!(why(&Why::with("back-off {}", Arg::Length(Duration::from_secs(20))), &names), "back-off 20s");
        assert_eq!(why(&Why::NONE, &names), "");
    }
}
