//! Unpacks gzip, one member after the other, and tells data that ends early from data that goes on behind its end.

use std::io::{ErrorKind, Read as _};

use flate2::bufread::GzDecoder;

use crate::text::counted::counted;
use crate::text::{Diagnostic, Source};

/// The most bytes of a text, once unpacked: a million pods take a tenth of it.
pub const TEXT_BYTES_MAX: u64 = 1 << 30;

/// True if bytes begin as gzip does.
pub fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

/// What gzip holds.
///
/// # Errors
/// It ends early, is damaged, something else stands behind it, or it holds more than [`TEXT_BYTES_MAX`].
pub fn unpack(name: &str, bytes: &[u8]) -> Result<Vec<u8>, Box<Diagnostic>> {
    let refuse = |what: String, help: &str| {
        let problem = Diagnostic::about(&Source::new(name, ""), what);
        Box::new(if help.is_empty() { problem } else { problem.help(help) })
    };
    let mut text = Vec::new();
    let mut rest = bytes;
    loop {
        let mut member = GzDecoder::new(rest).take(TEXT_BYTES_MAX + 1 - text.len() as u64);
        let read = member.read_to_end(&mut text);
        if text.len() as u64 > TEXT_BYTES_MAX {
            return Err(refuse(format!("the gzip data holds more than {TEXT_BYTES_MAX} bytes"), ""));
        }
        if let Err(error) = read {
            let line = text.iter().filter(|byte| **byte == b'\n').count();
            return Err(match error.kind() {
                ErrorKind::UnexpectedEof => refuse(
                    format!("the gzip data ends early, behind line {line} of what it holds"),
                    "fetch or copy the file again: a part of it is missing",
                ),
                _ => refuse(
                    format!("the gzip data is damaged, behind line {line} of what it holds: {error}"),
                    "fetch or copy the file again",
                ),
            });
        }
        rest = member.into_inner().into_inner();
        if rest.is_empty() {
            return Ok(text);
        }
        if !is_gzip(rest) {
            let more = counted(rest.len(), "byte");
            return Err(refuse(
                format!("the gzip data is whole, but ends {more} before the file does"),
                "something was added to the file behind its end: fetch or copy it again",
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(text: &str) -> Vec<u8> {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(text.as_bytes()).expect("it can be packed");
        packed.finish().expect("it can be packed")
    }

    #[test]
    fn members_are_one_text_and_every_end_is_told_apart() {
        let two = [packed("a\nb\n"), packed("c\n")].concat();
        assert_eq!(unpack("x.gz", &two).expect("both are whole"), b"a\nb\nc\n");
        let said = |bytes: &[u8]| unpack("x.gz", bytes).expect_err("it is not whole").message;
        assert_eq!(
            said(&[packed("a\n"), vec![0x1f]].concat()),
            "the gzip data is whole, but ends 1 byte before the file does"
        );
        assert_eq!(
            said(&[packed("a\n"), b"more".to_vec()].concat()),
            "the gzip data is whole, but ends 4 bytes before the file does"
        );
        // The last eight bytes are the checksum and the length.
        assert!(said(&two[..two.len() - 4]).starts_with("the gzip data ends early, behind line 3"));
        let mut damaged = packed("a\nb\n");
        let checksum = damaged.len() - 8;
        damaged[checksum] ^= 1;
        assert!(said(&damaged).starts_with("the gzip data is damaged, behind line 2"), "{}", said(&damaged));
    }
}
