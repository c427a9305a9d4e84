//! A value with strings before it, that objects among it read themselves by: see
//! [`encode::serializable`](mod@crate::php::value::encode).

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};

use super::decoder::{Decoder, Stop};
use super::ext::ext;
use super::value::Slot;
use crate::php::value::shape::End;

/// `[ext 6, [bin or nil, …, value]]`
pub struct Whole<'a, 'de, 'p> {
    pub slot: Slot<'a, 'de, 'p>,
}

impl<'de> Visitor<'de> for Whole<'_, 'de, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("strings of objects, and a value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut both: A) -> Result<(), A::Error> {
        let decoder = self.slot.decoder;
        if both.next_element_seed(References { decoder })?.is_none()
            || both.next_element_seed(Strings { slot: self.slot })?.is_none()
        {
            return Err(decoder.damaged("less than it says").into());
        }
        // Strings are left over: they were written for other objects.
        if !decoder.among.is_used_up() {
            return Err(decoder.damaged("strings of objects that are not there").into());
        }
        Ok(())
    }
}

/// The ext.
struct References<'a, 'de, 'p> {
    decoder: &'a Decoder<'de, 'p>,
}

impl<'de> DeserializeSeed<'de> for References<'_, 'de, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for References<'_, 'de, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("the numbers of references")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let (_, numbers) = ext(deserializer)?;
        let Some((_, numbers)) = numbers.split_at_checked(size_of::<End>()).filter(|(_, rest)| rest.len() % 4 == 0)
        else {
            return Err(self.decoder.damaged("an ext type of the wrong length").into());
        };
        self.decoder.among.begin(numbers);
        Ok(())
    }
}

/// The array of strings, and of the value.
struct Strings<'a, 'de, 'p> {
    slot: Slot<'a, 'de, 'p>,
}

impl<'de> DeserializeSeed<'de> for Strings<'_, 'de, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strings<'_, 'de, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("strings of objects, and a value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let decoder = self.slot.decoder;
        let count = elements.size_hint().unwrap_or(0);
        decoder.expect(count).map_err(Stop::into)?;
        for _ in 1..count {
            elements.next_element_seed(OneString { decoder })?;
        }
        if elements.next_element_seed(self.slot)?.is_none() {
            return Err(decoder.damaged("strings of objects without a value").into());
        }
        Ok(())
    }
}

/// One of the strings, or nil.
struct OneString<'a, 'de, 'p> {
    decoder: &'a Decoder<'de, 'p>,
}

impl<'de> DeserializeSeed<'de> for OneString<'_, 'de, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for OneString<'_, 'de, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("what an object's serialize() returned")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.decoder.among.add(None);
        Ok(())
    }

    fn visit_borrowed_str<E: Error>(self, string: &'de str) -> Result<(), E> {
        self.visit_borrowed_bytes(string.as_bytes())
    }

    fn visit_borrowed_bytes<E: Error>(self, string: &'de [u8]) -> Result<(), E> {
        self.decoder.among.add(Some(string));
        Ok(())
    }
}
