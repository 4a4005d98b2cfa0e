//! A value of any shape that is taken and not looked at: fields whose meaning is outside the model.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// That a value is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Opaque;

struct Anything;

impl<'de> Visitor<'de> for Anything {
    type Value = Opaque;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("any value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Opaque, E> {
        Ok(Opaque)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Opaque, E> {
        Ok(Opaque)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Opaque, E> {
        Ok(Opaque)
    }

    fn visit_str<E>(self, _: &str) -> Result<Opaque, E> {
        Ok(Opaque)
    }

    fn visit_unit<E>(self) -> Result<Opaque, E> {
        Ok(Opaque)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Opaque, A::Error> {
        while items.next_element::<Opaque>()?.is_some() {}
        Ok(Opaque)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Opaque, A::Error> {
        while entries.next_entry::<String, Opaque>()?.is_some() {}
        Ok(Opaque)
    }
}

impl<'de> Deserialize<'de> for Opaque {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Opaque, D::Error> {
        deserializer.deserialize_any(Anything)
    }
}
