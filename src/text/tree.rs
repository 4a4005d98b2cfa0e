//! YAML and JSON as one kind of tree, in which every key and value knows where it stands.
//! Keys keep their order, a key stands in a map once, and size and depth are bounded.

use super::{Diagnostic, Format, Source, Span, json, yaml};

/// The deepest nesting of lists and maps.
pub const DEPTH_MAX: usize = 100;
/// The most keys and values in one file: a listing of a live cluster as large as a source may be has 1,300,000.
pub const NODES_MAX: usize = 2_000_000;
/// The most keys and values that the aliases of one file may stand for: a short text could have them mean any number.
pub const ALIASED_MAX: usize = 250_000;
/// The most documents in one file, where several are read.
pub const DOCUMENTS_MAX: usize = 10_000;

/// A value and its place.
#[derive(Clone, PartialEq, Debug)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where it stands; behind an alias, where it is defined.
    pub span: Span,
}

/// A key of a map and its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Key {
    /// The key.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// The values that YAML and JSON share.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number, as it is written.
    Float(String),
    /// A text.
    String(String),
    /// A list.
    Seq(Vec<Node>),
    /// A map, in the order of the text.
    Map(Vec<(Key, Node)>),
}

/// Reads a source in the notation that its name tells.
///
/// # Errors
/// The first thing that makes it no YAML or JSON, or a limit that it passes.
pub fn parse(source: &Source) -> Result<Node, Diagnostic> {
    check_size(source)?;
    match source.format() {
        Format::Json => json::parse(source),
        Format::Yaml => yaml::parse(source),
    }
}

/// Reads the manifests of a source as `kubectl` does: any number of YAML documents, whose plain words and numbers are those of
/// YAML 1.1, or of JSON values one behind the other. Documents that hold nothing are left out.
///
/// # Errors
/// The first thing that makes it no YAML or JSON, or a limit that it passes.
pub fn parse_all(source: &Source) -> Result<Vec<Node>, Diagnostic> {
    check_size(source)?;
    if source.format() == Format::Json {
        return json::parse_all(source);
    }
    // JSON that is called YAML is read as JSON if it is.
    if source.text().trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']).starts_with('{')
        && let Ok(nodes) = json::parse_all(source)
    {
        return Ok(nodes);
    }
    yaml::parse_all(source)
}

/// Reads a source as programs in Python do, whose YAML is PyYAML's: `yes` is true, `010` is 8 and `1e3` a text.
///
/// # Errors
/// The first thing that makes it no YAML or JSON, or a limit that it passes.
pub fn parse_python(source: &Source) -> Result<Node, Diagnostic> {
    check_size(source)?;
    match source.format() {
        Format::Json => json::parse(source),
        Format::Yaml => yaml::parse_python(source),
    }
}

fn check_size(source: &Source) -> Result<(), Diagnostic> {
    if source.text().len() > super::source::SOURCE_BYTES_MAX {
        let mebibytes = super::source::SOURCE_BYTES_MAX >> 20;
        return Err(Diagnostic::about(source, format!("the file is larger than {mebibytes} MiB")));
    }
    Ok(())
}

impl Node {
    /// The value of a key, if this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|(_, value)| value)
    }

    /// A key and its value, if this is a map that has it.
    pub fn entry(&self, key: &str) -> Option<(&Key, &Node)> {
        self.as_map()?.iter().find(|(candidate, _)| candidate.text == key).map(|(key, value)| (key, value))
    }

    /// The text, if this is one.
    pub fn as_str(&self) -> Option<&str> {
        if let Value::String(text) = &self.value { Some(text) } else { None }
    }

    /// The whole number, if this is one.
    pub fn as_i64(&self) -> Option<i64> {
        if let Value::Int(number) = self.value { Some(number) } else { None }
    }

    /// The whole number, however it is written: `3.0` and `1e+06` are such to whoever reads them from JSON made from them.
    pub fn as_whole(&self) -> Option<i64> {
        match &self.value {
            Value::Int(number) => Some(*number),
            Value::Float(text) => {
                let number: f64 = text.parse().ok()?;
                // Below this every whole number has a float of its own.
                (number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0).then_some(number as i64)
            }
            _ => None,
        }
    }

    /// The truth value, if this is one.
    pub fn as_bool(&self) -> Option<bool> {
        if let Value::Bool(truth) = self.value { Some(truth) } else { None }
    }

    /// The items, if this is a list.
    pub fn as_seq(&self) -> Option<&[Node]> {
        if let Value::Seq(items) = &self.value { Some(items) } else { None }
    }

    /// Keys and values, if this is a map.
    pub fn as_map(&self) -> Option<&[(Key, Node)]> {
        if let Value::Map(entries) = &self.value { Some(entries) } else { None }
    }

    /// True for null.
    pub const fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// What sort of value it is, as a message says it: `a text`, `a list`.
    pub const fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Bool(_) => "a truth value",
            Value::Int(_) => "a whole number",
            Value::Float(_) => "a number",
            Value::String(_) => "a text",
            Value::Seq(_) => "a list",
            Value::Map(_) => "a map",
        }
    }

    /// A number, truth value or text as it is written; `None` for anything else.
    pub fn scalar_text(&self) -> Option<String> {
        match &self.value {
            Value::Bool(truth) => Some(truth.to_string()),
            Value::Int(number) => Some(number.to_string()),
            Value::Float(text) | Value::String(text) => Some(text.clone()),
            Value::Null | Value::Seq(_) | Value::Map(_) => None,
        }
    }

    /// The value as JSON. A number that JSON cannot hold becomes a text.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match &self.value {
            Value::Null => Json::Null,
            Value::Bool(truth) => Json::Bool(*truth),
            Value::Int(number) => Json::from(*number),
            Value::Float(text) => match text.parse::<f64>().ok().and_then(serde_json::Number::from_f64) {
                Some(number) => Json::Number(number),
                None => Json::String(text.clone()),
            },
            Value::String(text) => Json::String(text.clone()),
            Value::Seq(items) => Json::Array(items.iter().map(Node::to_json).collect()),
            Value::Map(entries) => {
                Json::Object(entries.iter().map(|(key, value)| (key.text.clone(), value.to_json())).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn yaml(text: &str) -> Result<Node, Diagnostic> {
        parse(&Source::new("a.yaml", text))
    }

    fn json(text: &str) -> Result<Node, Diagnostic> {
        parse(&Source::new("a.json", text))
    }

    /// What is wrong and where, one line a text.
    fn told(read: impl Fn(&str) -> Result<Node, Diagnostic>, texts: &[&str]) -> String {
        let tell = |text: &&str| {
            let start: String = text.chars().take(60).collect();
            match read(text) {
                Ok(node) => format!("{start:?} is {}\n", node.to_json()),
                Err(error) => format!("{start:?} {}:{}: {}\n", error.place().line, error.place().column, error.message),
            }
        };
        texts.iter().map(tell).collect()
    }

    #[test]
    fn reads_yaml_with_places() {
        let text =
            "a: [1, 2.50, 90s, \"x\", true, yes, ~, 0x1f, 1e400, 18446744073709551615]\nb: { c: 00:07:31.250 }\n";
        let node = yaml(text).expect("it is YAML");
        let source = Source::new("a.yaml", text);
        let items = node.get("a").and_then(Node::as_seq).expect("a list");
        let values: Vec<&Value> = items.iter().map(|item| &item.value).collect();
        let float = |text: &str| Value::Float(text.to_owned());
        let string = |text: &str| Value::String(text.to_owned());
        let expected = [
            Value::Int(1),
            float("2.50"),
            string("90s"),
            string("x"),
            Value::Bool(true),
            string("yes"),
            Value::Null,
            Value::Int(31),
            float("1e400"),
            float("18446744073709551615"),
        ];
        assert_eq!(values, expected.iter().collect::<Vec<_>>());
        assert_eq!(
            items.iter().map(|item| source.slice(item.span)).collect::<Vec<_>>()[..4],
            ["1", "2.50", "90s", "\"x\""]
        );
        let (key, value) = node.get("b").and_then(|b| b.entry("c")).expect("it is there");
        assert_eq!(source.place(key.span).to_string(), "a.yaml:2:6");
        assert_eq!((value.as_str(), source.slice(value.span)), (Some("00:07:31.250"), "00:07:31.250"));
    }

    #[test]
    fn a_value_behind_an_alias_stands_where_it_is_defined() {
        let node = yaml("x: &x { a: 1 }\ny: *x\nz:\n  <<: *x\n  b: 2\n").expect("it is YAML");
        assert_eq!(node.get("x").map(|x| x.span), node.get("y").map(|y| y.span));
        assert_eq!(node.get("z").and_then(|z| z.get("a")).and_then(Node::as_i64), Some(1));
    }

    #[test]
    fn reads_several_documents_with_the_places_of_each() {
        let text = "# made by a tool\n---\n# nothing\n---\na: 1\n---\n\n---\n- é\n- b\n...\n---\nnull\n";
        let source = Source::new("a.yaml", text);
        let nodes = parse_all(&source).expect("it is YAML");
        let shown: Vec<String> = nodes.iter().map(|node| node.to_json().to_string()).collect();
        assert_eq!(shown, ["{\"a\":1}", "[\"é\",\"b\"]"]);
        let item = &nodes[1].as_seq().expect("a list")[1];
        assert_eq!((source.slice(item.span), source.place(item.span).to_string()), ("b", "a.yaml:10:3".to_owned()));
        let error = parse_all(&Source::new("a.yaml", "a: 1\n---\nb: [\n")).expect_err("it is no YAML");
        assert!(error.place().line >= 3, "{}", error.place());
        assert_eq!(parse_all(&Source::new("a.json", "[1]")).map(|nodes| nodes.len()), Ok(1));
    }

    #[test]
    fn reads_json_values_one_behind_the_other() {
        for (name, text) in
            [("a.json", "{\"a\": 1}\n{\"a\": 2}{\"a\": 3}\n"), ("a.yaml", "{\"a\": 1}\n{\"a\": 2}\n\t{\"a\": 3}")]
        {
            let nodes = parse_all(&Source::new(name, text)).expect("it is JSON");
            let numbers: Vec<Option<i64>> = nodes.iter().map(|node| node.get("a").and_then(Node::as_i64)).collect();
            assert_eq!(numbers, [Some(1), Some(2), Some(3)], "{name}");
        }
        assert_eq!(parse_all(&Source::new("a.yaml", "{ a: 1 }\n---\n{ a: 2 }\n")).map(|nodes| nodes.len()), Ok(2));
        assert!(parse_all(&Source::new("a.json", "{\"a\": 1} x")).is_err());
        assert!(parse_all(&Source::new("a.json", "")).is_err());
    }

    /// Goal: a listing of a live cluster is read, with far more values than aliases may stand for.
    #[test]
    fn a_large_listing_is_read() {
        let pod = "- { kind: Pod, metadata: { name: a, labels: { a: b } }, spec: { containers: [ { name: a, image: b } ] } }\n";
        let listing = format!("items:\n{}", pod.repeat(30_000));
        let node = parse_all(&Source::new("a.yaml", listing)).expect("it is within the limits");
        assert_eq!(node[0].get("items").and_then(Node::as_seq).map(<[Node]>::len), Some(30_000));
    }

    #[test]
    fn says_what_is_no_yaml() {
        let wide = format!("[{}]", "1,".repeat(NODES_MAX));
        assert!(yaml(&wide).is_err_and(|error| error.message.contains("too large")));
        let told = told(
            yaml,
            &[
                "a: 1\nb: 2\na: 3\n",
                "1: a\n\"1\": b\n",
                "a: [1, 2\nb: 3",
                "a: b: c",
                "a: 'x",
                "a: !foo 3",
                "a: *x",
                "? [a]\n: 1\n",
                "a: 1\n---\nb: 2\n",
                "- a\n-b\nc",
                "\u{0}",
                "a: \"\\q\"",
                "~: 1",
                "a: {b",
                "a: |\n  text\n more",
                "%YAML 9\n---\na",
                "a:\n\t- b",
                "a: @b",
                "a: &x [*x]",
                "",
                "a: .nan",
                "!!str 5",
                &"[".repeat(5000),
                &format!("{}1{}", "[".repeat(101), "]".repeat(101)),
            ],
        );
        insta::assert_snapshot!(told);
    }

    #[test]
    fn says_what_is_no_json() {
        let told = told(
            json,
            &[
                "{\"a\": [1, -0.5e+3, true, null, \"\\u00e9\\ud83d\\ude00\\n\"]}\t\n",
                "\u{feff}[]",
                "{\"a\": 1, \"b\": 2, \"a\": 3}",
                "",
                "{",
                "[1, 2",
                "[1, 2,]",
                "[1 2]",
                "{\"a\" 1}",
                "{\"a\": 1,}",
                "{a: 1}",
                "{'a': 1}",
                "01",
                "1.",
                "-",
                "1e",
                ".5",
                "+1",
                "tru",
                "nul",
                "\"a",
                "\"a\nb\"",
                "\"\\x\"",
                "\"\\u12\"",
                "\"\\ud800\"",
                "\"\\ud800\\u0041\"",
                "\"\u{1}\"",
                "[] // no",
                "# no",
                "1 2",
                "NaN",
                "9223372036854775807",
                "9223372036854775808",
                &"[".repeat(5000),
            ],
        );
        insta::assert_snapshot!(told);
    }

    /// Stands for 387,420,489 values.
    fn bomb() -> String {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..9 {
            let items = vec![format!("*a{}", level - 1); 9].join(", ");
            bomb.push_str(&format!("a{level}: &a{level} [{items}]\n"));
        }
        bomb
    }

    #[test]
    fn an_alias_bomb_is_refused() {
        let error = yaml(&bomb()).expect_err("it stands for too many values");
        assert!(error.message.contains("250000 values"), "{}", error.message);
    }

    /// Any JSON value, without numbers that JSON readers round.
    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(serde_json::Value::from),
            any::<i64>().prop_map(serde_json::Value::from),
            any::<String>().prop_map(serde_json::Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(serde_json::Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..6)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        /// Goal: our reader of JSON and `serde_json` agree. Method: what one writes, the other reads.
        #[test]
        fn reads_json_as_serde_json_does(value in any_json(), pretty in any::<bool>()) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
            let node = json(&text.expect("it is JSON")).expect("it is JSON");
            prop_assert_eq!(node.to_json(), value);
        }

        /// Goal: the two agree on what is no JSON too, but for keys that stand twice.
        #[test]
        fn refuses_what_serde_json_refuses(text in "[\\[\\]{}\",:0-9eE.+\\-tfn \\\\u]{0,12}") {
            let theirs = serde_json::from_str::<serde_json::Value>(&text);
            match json(&text) {
                Ok(_) => prop_assert!(theirs.is_ok() || theirs.is_err_and(|error| error.to_string().contains("out of range"))),
                Err(error) => prop_assert!(theirs.is_err() || error.message.contains("stands twice")),
            }
        }

        #[test]
        fn never_panics(text in any::<String>(), yamlish in "([a-z]|[0-9]|: |- |\n|  |\t|[\\[\\]{}&*!|>'\"%@`#,?~<]){0,40}") {
            for text in [text, yamlish] {
                let _ = (yaml(&text), json(&text), parse_all(&Source::new("a.yaml", text.as_str())));
            }
        }

        /// Goal: every span cuts out a piece of the text. Method: whatever can be read is walked.
        #[test]
        fn spans_lie_between_characters(text in "([a-zé😀]|: |- |\n|  |[\\[\\]{},]|&x |\\*x){0,30}") {
            let source = Source::new("a.yaml", text.as_str());
            let mut open: Vec<Node> = parse(&source).into_iter().collect();
            while let Some(node) = open.pop() {
                prop_assert!(text.get(node.span.start as usize..node.span.end as usize).is_some());
                match node.value {
                    Value::Seq(items) => open.extend(items),
                    Value::Map(entries) => open.extend(entries.into_iter().map(|(_, value)| value)),
                    _ => {}
                }
            }
        }
    }
}
