//! From a tree to the API's own types, with the place of whatever does not fit. A `serde` reader over the tree: numbers are
//! taken for quantities as the API takes them, null is nothing of whatever is asked for, and keys that no field has are gathered
//! rather than passed over.
//!
//! What is wrong is said as Go's decoder says it, which is what the API server answers. No value is repeated: it may be an
//! environment variable or an argument.

use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error as _, Expected, MapAccess, SeqAccess, Unexpected, Visitor,
};

use crate::text::tree::{Key, Value};
use crate::text::{Node, Span};

/// A key that no field has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unknown {
    /// Where it stands, as the API names fields: `spec.template.spec.containers[0].imag`.
    pub path: String,
    /// Where it stands in the text.
    pub span: Span,
    /// The fields that the map may have.
    pub known: &'static [&'static str],
}

/// What does not fit, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Misfit {
    /// What is wrong.
    pub message: String,
    /// The field.
    pub path: String,
    /// Where it stands in the text.
    pub span: Option<Span>,
}

impl fmt::Display for Misfit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl std::error::Error for Misfit {}

impl serde::de::Error for Misfit {
    fn custom<T: fmt::Display>(message: T) -> Misfit {
        Misfit { message: message.to_string(), path: String::new(), span: None }
    }

    fn invalid_type(unexpected: Unexpected<'_>, _: &dyn Expected) -> Misfit {
        let found = match unexpected {
            Unexpected::Bool(_) => "bool",
            Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_) => "number",
            Unexpected::Char(_) | Unexpected::Str(_) => "string",
            Unexpected::Seq => "array",
            Unexpected::Map => "object",
            _ => "null",
        };
        Misfit::custom(format!("json: cannot unmarshal {found} into a Go struct field"))
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Misfit {
        match unexpected {
            Unexpected::Signed(_) | Unexpected::Unsigned(_) => Misfit::custom(format!("not {expected}")),
            _ => Misfit::invalid_type(unexpected, expected),
        }
    }
}

/// The way from the object to a value.
#[derive(Clone, Copy)]
struct Path<'p> {
    parent: Option<&'p Path<'p>>,
    step: Step<'p>,
}

#[derive(Clone, Copy)]
enum Step<'p> {
    Field(&'p str),
    Item(usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            parent.fmt(out)?;
        }
        match self.step {
            Step::Field(name) if self.parent.is_none() => out.write_str(name),
            Step::Field(name) => write!(out, ".{name}"),
            Step::Item(index) => write!(out, "[{index}]"),
        }
    }
}

/// Reads a value of the field `name`; keys that no field has go to `unknown`.
///
/// # Errors
/// The first value that is not of its field's type.
pub fn read<'n, T: Deserialize<'n>>(node: &'n Node, name: &str, unknown: &mut Vec<Unknown>) -> Result<T, Misfit> {
    let path = Path { parent: None, step: Step::Field(name) };
    let reader = Reader { node, path: &path, known: &[], key: None, unknown };
    T::deserialize(reader).map_err(|misfit| at(misfit, node, &path))
}

/// Ties a misfit to the innermost value that it is about.
fn at(mut misfit: Misfit, node: &Node, path: &Path<'_>) -> Misfit {
    if misfit.span.is_none() {
        misfit.span = Some(node.span);
        misfit.path = path.to_string();
    }
    misfit
}

struct Reader<'n, 'p, 'u> {
    node: &'n Node,
    path: &'p Path<'p>,
    /// The fields beside this one, for what is asked about a key that no field has.
    known: &'static [&'static str],
    key: Option<&'n Key>,
    unknown: &'u mut Vec<Unknown>,
}

impl Reader<'_, '_, '_> {
    /// The value is not of the type that is asked for.
    fn misfit(&self, wanted: &str) -> Misfit {
        let found = match &self.node.value {
            Value::Null => "null",
            Value::Bool(_) => "bool",
            Value::Int(_) | Value::Float(_) => "number",
            Value::String(_) => "string",
            Value::Seq(_) => "array",
            Value::Map(_) => "object",
        };
        let message = format!("json: cannot unmarshal {found} into Go struct field of type {wanted}");
        at(Misfit::custom(message), self.node, self.path)
    }
}

/// Reads whole numbers, each by its own visit. Null is 0, as in Go.
macro_rules! whole_numbers {
    ($($method:ident as $name:literal,)*) => {$(
        fn $method<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Misfit> {
            match self.node.as_whole() {
                Some(number) => visitor.visit_i64(number),
                None if self.node.is_null() => visitor.visit_i64(0),
                None => Err(self.misfit($name)),
            }
        }
    )*};
}

impl<'n> Deserializer<'n> for Reader<'n, '_, '_> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match &self.node.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(truth) => visitor.visit_bool(*truth),
            // Nothing that is read here is a fraction, but for quantities; whatever takes any value takes its text.
            Value::Int(_) | Value::Float(_) if self.node.as_whole().is_some() => self.deserialize_i64(visitor),
            Value::Int(number) => visitor.visit_i64(*number),
            Value::Float(text) => visitor.visit_str(text),
            Value::String(text) => visitor.visit_str(text),
            Value::Seq(_) => self.deserialize_seq(visitor),
            Value::Map(_) => self.deserialize_map(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match &self.node.value {
            Value::Bool(truth) => visitor.visit_bool(*truth),
            Value::Null => visitor.visit_bool(false),
            _ => Err(self.misfit("bool")),
        }
    }

    whole_numbers! {
        deserialize_i8 as "int32",
        deserialize_i16 as "int32",
        deserialize_i32 as "int32",
        deserialize_i64 as "int64",
        deserialize_u8 as "int32",
        deserialize_u16 as "int32",
        deserialize_u32 as "int32",
        deserialize_u64 as "int64",
    }

    /// No field that is read here is a fraction; the trait wants the method.
    fn deserialize_f32<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_i64(visitor)
    }

    /// No field that is read here is a fraction; the trait wants the method.
    fn deserialize_f64<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_str<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match &self.node.value {
            Value::String(text) => visitor.visit_str(text),
            Value::Null => visitor.visit_str(""),
            _ => Err(self.misfit("string")),
        }
    }

    fn deserialize_string<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Misfit> {
        if self.node.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'n>>(self, name: &'static str, visitor: V) -> Result<V::Value, Misfit> {
        match (name, self.node.scalar_text()) {
            ("Quantity", Some(text)) if self.node.as_bool().is_none() => visitor.visit_string(text),
            ("Quantity", _) if self.node.is_null() => visitor.visit_string("0".to_owned()),
            ("Quantity", _) => Err(self.misfit("Quantity")),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_seq<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match &self.node.value {
            Value::Seq(items) => visitor.visit_seq(Items { items, next: 0, path: self.path, unknown: self.unknown }),
            Value::Null => visitor.visit_seq(Items { items: &[], next: 0, path: self.path, unknown: self.unknown }),
            _ => Err(self.misfit("array")),
        }
    }

    fn deserialize_map<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_struct("", &[], visitor)
    }

    fn deserialize_struct<V: Visitor<'n>>(
        self,
        _: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        match &self.node.value {
            Value::Map(entries) => {
                visitor.visit_map(Entries { entries, next: 0, path: self.path, known, unknown: self.unknown })
            }
            Value::Null => {
                visitor.visit_map(Entries { entries: &[], next: 0, path: self.path, known, unknown: self.unknown })
            }
            _ => Err(self.misfit("object")),
        }
    }

    /// A value that is thrown away stands behind a key that no field has.
    fn deserialize_ignored_any<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let span = self.key.map_or(self.node.span, |key| key.span);
        self.unknown.push(Unknown { path: self.path.to_string(), span, known: self.known });
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        <W: Visitor<'n>>
        i128 u128 char bytes byte_buf unit unit_struct tuple tuple_struct enum identifier
    }
}

struct Items<'n, 'p, 'u> {
    items: &'n [Node],
    next: usize,
    path: &'p Path<'p>,
    unknown: &'u mut Vec<Unknown>,
}

impl<'n> SeqAccess<'n> for Items<'n, '_, '_> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'n>>(&mut self, seed: T) -> Result<Option<T::Value>, Misfit> {
        let Some(node) = self.items.get(self.next) else { return Ok(None) };
        let path = Path { parent: Some(self.path), step: Step::Item(self.next) };
        self.next += 1;
        let reader = Reader { node, path: &path, known: &[], key: None, unknown: self.unknown };
        seed.deserialize(reader).map(Some).map_err(|misfit| at(misfit, node, &path))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len() - self.next)
    }
}

struct Entries<'n, 'p, 'u> {
    entries: &'n [(Key, Node)],
    next: usize,
    path: &'p Path<'p>,
    known: &'static [&'static str],
    unknown: &'u mut Vec<Unknown>,
}

impl<'n> MapAccess<'n> for Entries<'n, '_, '_> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'n>>(&mut self, seed: K) -> Result<Option<K::Value>, Misfit> {
        let Some((key, _)) = self.entries.get(self.next) else { return Ok(None) };
        seed.deserialize(StrDeserializer::new(&key.text)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'n>>(&mut self, seed: V) -> Result<V::Value, Misfit> {
        let Some((key, node)) = self.entries.get(self.next) else {
            return Err(Misfit::custom("there is no value left"));
        };
        self.next += 1;
        let path = Path { parent: Some(self.path), step: Step::Field(&key.text) };
        let reader = Reader { node, path: &path, known: self.known, key: Some(key), unknown: self.unknown };
        seed.deserialize(reader).map_err(|misfit| at(misfit, node, &path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Source, tree};
    use k8s_openapi::api::apps::v1::DeploymentSpec;

    fn decode(text: &str) -> (Result<DeploymentSpec, Misfit>, Vec<Unknown>) {
        let node = tree::parse(&Source::new("a.yaml", text)).expect("it is YAML");
        let mut unknown = Vec::new();
        (read(&node, "spec", &mut unknown), unknown)
    }

    #[test]
    fn reads_quantities_from_numbers_and_nothing_else() {
        let container = "{ name: a, resources: { requests: { cpu: 0.5, memory: 1Gi, nvidia.com/gpu: 1 } } }";
        let text = format!("{{ selector: {{}}, template: {{ spec: {{ containers: [{container}] }} }} }}");
        let (spec, unknown) = decode(&text);
        let spec = spec.expect("it fits");
        let requests = spec.template.spec.and_then(|pod| pod.containers[0].resources.clone()?.requests);
        let shown: Vec<(String, String)> =
            requests.expect("requests").into_iter().map(|(name, amount)| (name, amount.0)).collect();
        let expected = [("cpu", "0.5"), ("memory", "1Gi"), ("nvidia.com/gpu", "1")];
        assert_eq!(shown, expected.map(|(name, amount)| (name.to_owned(), amount.to_owned())));
        assert_eq!(unknown, []);
    }

    #[test]
    fn tells_what_does_not_fit_and_where_and_never_the_value() {
        let env = "template: { spec: { containers: [ { name: a, env: [ { name: PORT, value: 8080 } ] } ] } }";
        let misfit = decode(env).0.expect_err("a number");
        assert_eq!(misfit.path, "spec.template.spec.containers[0].env[0].value");
        assert_eq!(misfit.message, "json: cannot unmarshal number into Go struct field of type string");
        assert_eq!(misfit.span.map(|span| &env[span.start as usize..span.end as usize]), Some("8080"));
        let misfit = decode("replicas: many").0.expect_err("a text");
        assert!(!misfit.message.contains("many"), "{}", misfit.message);
        assert_eq!(decode("replicas: 5000000000").0.expect_err("too many").path, "spec.replicas");
    }

    #[test]
    fn null_is_nothing_and_a_whole_float_is_a_number() {
        let text = "{ replicas: 3.0, minReadySeconds: 1e+06, strategy: { rollingUpdate: { maxSurge: 2.0 } }, template: { metadata: \
            { labels: { a: null } }, spec: { imagePullSecrets: [ null ], containers: [ { name: a, args: [ null ], resources: \
            { limits: { cpu: null } } } ] } } }";
        let spec = decode(text).0.expect("it fits");
        assert_eq!((spec.replicas, spec.min_ready_seconds), (Some(3), Some(1_000_000)));
        let shown = serde_json::to_string(&spec).expect("JSON");
        for part in [r#""maxSurge":2"#, r#""labels":{"a":""}"#, r#""args":[""]"#, r#""limits":{"cpu":"0"}"#] {
            assert!(shown.contains(part), "{part} in {shown}");
        }
        for wrong in ["replicas: 3.5", "replicas: 1e30", "replicas: '3'", "paused: 'yes'"] {
            assert!(decode(wrong).0.is_err(), "{wrong}");
        }
    }

    #[test]
    fn gathers_keys_that_no_field_has() {
        let text = "{ replicsa: 3, template: { spec: { containers: [ { name: a, imgae: b } ] } } }";
        let (spec, unknown) = decode(text);
        assert!(spec.is_ok());
        let paths: Vec<&str> = unknown.iter().map(|one| one.path.as_str()).collect();
        assert_eq!(paths, ["spec.replicsa", "spec.template.spec.containers[0].imgae"]);
        assert!(unknown[0].known.contains(&"replicas"));
        assert_eq!(unknown[1].span.start as usize, text.find("imgae").expect("it is there"));
    }
}
