//! The Markdown pages of the package, and the parts of them that can be made: outputs of commands, tables, links.

use std::path::Path;

/// A page.
pub struct Page {
    /// Its path from the root of the package.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// The root of the package.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The text of a file of the package.
pub fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("failed to read {path}: {error}"))
}

/// All pages: those at the root, and those below docs/ and scenarios/.
pub fn pages() -> Vec<Page> {
    let below =
        |folder: &str, depth: usize| walkdir::WalkDir::new(root().join(folder)).max_depth(depth).sort_by_file_name();
    let entries = below(".", 1).into_iter().chain(below("docs", 9)).chain(below("scenarios", 9));
    let paths = entries.map(|entry| entry.expect("the pages can be read").into_path());
    let pages = paths.filter(|path| path.extension().is_some_and(|extension| extension == "md")).map(|path| {
        let path = path.strip_prefix(root()).expect("below the root").to_string_lossy().replace('\\', "/");
        let path = path.trim_start_matches("./").to_string();
        Page { text: read(&path), path }
    });
    pages.collect()
}

impl Page {
    /// The page with what follows each command of a `console` block replaced by what `output` gives for it.
    pub fn with_outputs(&self, output: impl Fn(&str) -> Option<String>) -> String {
        let mut made = String::new();
        let mut inside = false;
        let mut replaced = false;
        for line in self.text.lines() {
            if line.starts_with("```") {
                inside = line == "```console";
                replaced = false;
            } else if let Some(command) = line.strip_prefix("$ ").filter(|_| inside) {
                let printed = output(command);
                replaced = printed.is_some();
                made += &format!("{line}\n{}", printed.unwrap_or_default());
                continue;
            } else if replaced {
                continue;
            }
            made += line;
            made.push('\n');
        }
        made
    }

    /// The page with every made part replaced by what `part` gives for its name.
    pub fn with_parts(&self, part: impl Fn(&str) -> String) -> String {
        let mut made = String::new();
        let mut replaced = false;
        for line in self.text.lines() {
            if line == "<!-- end -->" {
                replaced = false;
            }
            if replaced {
                continue;
            }
            made += line;
            made.push('\n');
            let name = line.strip_prefix("<!-- made: ").and_then(|rest| rest.strip_suffix(" -->"));
            if let Some(name) = name {
                made += &part(name);
                replaced = true;
            }
        }
        made
    }

    /// The texts of the code blocks in a language.
    pub fn blocks<'a>(&'a self, language: &'a str) -> impl Iterator<Item = &'a str> {
        // What stands behind a fence begins with the language of its block; what stands behind a closing one does not.
        self.text.split("\n```").filter_map(move |part| part.strip_prefix(language)?.strip_prefix('\n'))
    }

    /// The files that the page links to, without their anchors; not what stands in code.
    pub fn links(&self) -> Vec<String> {
        let mut links = Vec::new();
        let mut inside = false;
        for line in self.text.lines() {
            inside ^= line.starts_with("```");
            // Every second piece between back-quotes is code.
            for text in line.split('`').step_by(2).filter(|_| !inside) {
                for (at, _) in text.match_indices("](") {
                    let target = text[at + 2..].split([')', '#']).next().unwrap_or_default();
                    if !target.is_empty() && !target.contains("://") {
                        links.push(target.to_string());
                    }
                }
            }
        }
        links
    }

    /// What to do about a page that is made anew: under `GREENROOM_DOCS=write` it is written, else the first line that differs
    /// is told.
    pub fn settle(&self, made: &str) -> Option<String> {
        if std::env::var("GREENROOM_DOCS").as_deref() == Ok("write") {
            std::fs::write(root().join(&self.path), made).expect("the page can be written");
            return None;
        }
        let old = self.text.lines().chain([""]);
        let new = made.lines().chain([""]);
        let differs = old.zip(new).enumerate().find(|(_, (old, new))| old != new);
        let (line, (old, new)) = differs.unwrap_or((0, ("the end of the page", "more lines")));
        Some(format!("{}:{}\n  shows   {old}\n  is now  {new}", self.path, line + 1))
    }
}
