//! Rust files as the tests of the architecture read them: their code without comments, texts and tests.

use std::path::{Path, PathBuf};

/// A Rust file.
pub struct File {
    /// Its path from the root of the package, with `/`.
    pub path: String,
    /// Its text.
    pub text: String,
    /// Its code, line by line as in the text; comments, texts and tests are blank.
    code: String,
}

/// The text of a file of the package.
pub fn read(path: &str) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("failed to read {}: {error}", path.display()))
}

/// True if the package has this file.
pub fn exists(path: &str) -> bool {
    root().join(path).is_file()
}

/// All Rust files below a folder of the package, in the order of their paths; not those of a target folder.
pub fn files(folder: &str) -> Vec<File> {
    let mut paths: Vec<PathBuf> = walkdir::WalkDir::new(root().join(folder))
        .into_iter()
        .filter_entry(|entry| entry.file_name() != "target")
        .map(|entry| entry.expect("the sources can be read").into_path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    paths.sort();
    paths.iter().map(|path| File::new(path)).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

impl File {
    fn new(path: &Path) -> File {
        let text = std::fs::read_to_string(path).expect("the source can be read");
        let relative = path.strip_prefix(root()).expect("below the root").to_string_lossy().replace('\\', "/");
        let code = if is_test_file(path) { String::new() } else { without_tests(&without_texts(&text)) };
        File { path: relative, text, code }
    }

    /// The folder of `src` that the file belongs to: its layer. `None` for `lib.rs` and `main.rs`.
    pub fn layer(&self) -> Option<&str> {
        self.path.strip_prefix("src/")?.split_once('/').map(|(layer, _)| layer)
    }

    /// The layers that the code names by a path from the crate, each with its line.
    pub fn uses<'a>(&self, layers: &[&'a str]) -> Vec<(usize, &'a str)> {
        let mut found = Vec::new();
        for (at, _) in self.code.match_indices("crate::") {
            let rest = &self.code[at + "crate::".len()..];
            let roots = match rest.strip_prefix('{') {
                Some(group) => roots_of_group(group),
                None => vec![first_word(rest)],
            };
            let line = self.line_of(at);
            found.extend(layers.iter().filter(|layer| roots.contains(layer)).map(|layer| (line, *layer)));
        }
        found
    }

    /// The lines of code with this word or path; a part of a longer word does not count.
    pub fn lines_with(&self, word: &str) -> Vec<usize> {
        let bytes = self.code.as_bytes();
        let found = self.code.match_indices(word).filter(|(at, _)| {
            let before = at.checked_sub(1).map(|before| bytes[before]);
            !before.is_some_and(is_word) && !bytes.get(at + word.len()).copied().is_some_and(is_word)
        });
        found.map(|(at, _)| self.line_of(at)).collect()
    }

    /// The functions, structs and constants with a float type or a float literal, each once with its first such line.
    pub fn floats(&self) -> Vec<(usize, String)> {
        let mut item = String::from("(no item)");
        let mut found: Vec<(usize, String)> = Vec::new();
        for (index, line) in self.code.lines().enumerate() {
            let line = format!(" {line}");
            for word in [" struct ", " const ", " static ", " fn "] {
                if let Some((_, rest)) = line.split_once(word) {
                    item = first_word(rest).to_string();
                }
            }
            if has_float(&line) && found.last().is_none_or(|(_, last)| *last != item) {
                found.push((index + 1, item.clone()));
            }
        }
        found
    }

    fn line_of(&self, at: usize) -> usize {
        self.code[..at].matches('\n').count() + 1
    }
}

/// Test code may use what the code that it tests may not: it has a file named `tests.rs`, `…_tests.rs` or a folder `tests`.
fn is_test_file(path: &Path) -> bool {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let inside = path.strip_prefix(root().join("src")).is_ok_and(|path| path.iter().any(|part| part == "tests"));
    inside || stem == "tests" || stem.ends_with("_tests")
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn first_word(text: &str) -> &str {
    let text = text.trim_start();
    &text[..text.bytes().position(|byte| !is_word(byte)).unwrap_or(text.len())]
}

/// The first words of the paths in `{a::b, c::{d, e}}`, without its opening brace: a and c.
fn roots_of_group(group: &str) -> Vec<&str> {
    let mut depth = 0;
    let mut roots = vec![first_word(group)];
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => roots.push(first_word(&group[at + 1..])),
            _ => {}
        }
    }
    roots
}

fn has_float(line: &str) -> bool {
    let bytes = line.as_bytes();
    let types = ["f32", "f64"].iter().any(|word| {
        line.match_indices(word).any(|(at, _)| {
            // `1f64` and `1_f64` are floats too; `buf64` is not.
            let before = at.checked_sub(1).map(|before| bytes[before]);
            let word_before = before.is_some_and(|byte| byte.is_ascii_alphabetic());
            !word_before && !bytes.get(at + 3).copied().is_some_and(is_word)
        })
    });
    // Digits, a point, digits; `0..1` and the `tuple.0.1` of a field have no digit straight before the point that begins a number.
    let literal = line.match_indices('.').any(|(at, _)| {
        let digit_after = bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
        let start = line[..at].rfind(|c: char| !c.is_ascii_digit() && c != '_').map_or(0, |before| before + 1);
        let number_before = start < at && bytes[start].is_ascii_digit();
        let begins = start.checked_sub(1).map(|before| bytes[before]).is_none_or(|byte| !is_word(byte) && byte != b'.');
        digit_after && number_before && begins
    });
    types || literal
}

/// The code with comments and texts blanked, so that lines stay where they are.
fn without_texts(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let length = blank_length(rest);
        if length == 0 {
            out.push(next);
            rest = &rest[next.len_utf8()..];
        } else {
            out.extend(rest[..length].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
            rest = &rest[length..];
        }
    }
    out
}

/// How many bytes of a comment, text or character stand at the start; 0 if there is code.
fn blank_length(rest: &str) -> usize {
    let to = |found: Option<usize>, and: usize| found.map_or(rest.len(), |at| at + and);
    if rest.starts_with("//") {
        to(rest.find('\n'), 0)
    } else if rest.starts_with("/*") {
        to(rest.find("*/"), 2)
    } else if rest.starts_with('"') {
        text_length(rest)
    } else if let Some(hashes) = raw_hashes(rest) {
        let end = format!("\"{}", "#".repeat(hashes));
        let open = hashes + 2;
        to(rest[open..].find(&end), open + end.len())
    } else if let Some(after) = rest.strip_prefix('\'') {
        // A character, not a lifetime: it has a quote behind one character or an escape.
        let mut inside = after.chars();
        match (inside.next(), inside.next()) {
            (Some('\\'), _) => to(after[2..].find('\''), 4),
            (Some(one), Some('\'')) => one.len_utf8() + 2,
            _ => 0,
        }
    } else {
        0
    }
}

/// The hashes of a raw text that starts here: `r"`, `r#"`. `None` if none does.
fn raw_hashes(rest: &str) -> Option<usize> {
    let after = rest.strip_prefix('r')?;
    let hashes = after.bytes().take_while(|byte| *byte == b'#').count();
    after[hashes..].starts_with('"').then_some(hashes)
}

/// The bytes of an ordinary text, quotes included.
fn text_length(rest: &str) -> usize {
    let mut escaped = false;
    for (at, character) in rest.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The code with each `#[cfg(test)]` item blanked.
fn without_tests(code: &str) -> String {
    let mut out = code.to_string();
    while let Some(start) = out.find("#[cfg(test)]") {
        let end = item_end(&out[start..]) + start;
        let blank: String = out[start..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
        out.replace_range(start..end, &blank);
    }
    out
}

/// The bytes up to the end of the first item: its closing brace, or the semicolon of one without a body.
fn item_end(code: &str) -> usize {
    let mut depth = 0;
    for (at, character) in code.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 1 => return at + 1,
            '}' => depth -= 1,
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}

#[test]
fn reads_code_alone() {
    let text = "//! f64\nfn a(x: &'static str) { let b = 'f'; \"1.5\" } // HashMap\n#[cfg(test)]\nmod tests { f64 }\nfn c() {}\n";
    let code = without_tests(&without_texts(text));
    assert!(!code.contains("f64") && !code.contains("HashMap") && !code.contains("1.5"), "{code}");
    assert!(code.contains("fn c") && code.lines().count() == text.lines().count());
}

#[test]
fn tells_floats_from_what_looks_like_them() {
    for line in ["let a = 1.5;", "x as f64", "1_f64", "fn a() -> f32 {", "(2.0 * y)", "-0.1"] {
        assert!(has_float(line), "{line}");
    }
    for line in ["0..10", "a.0.1", "self.0", "buf64", "1.max(2)", "x.1", "f64x"] {
        assert!(!has_float(line), "{line}");
    }
}

#[test]
fn finds_the_roots_of_paths() {
    assert_eq!(roots_of_group("kernel::{Time, cluster}, text::x};"), ["kernel", "text"]);
    assert_eq!(first_word("kernel::Time"), "kernel");
}
