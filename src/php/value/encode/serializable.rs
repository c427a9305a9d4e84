//! Objects that write themselves by a string of their own (`Serializable`), among the other objects of a value.
//!
//! In such a string `serialize()` and `unserialize()` are user code's business. The engine lets these share what they
//! have met with those around them, and so does this. The strings are made when all else is written and read when all else
//! is there: what is both in such a string and outside of it is outside first, and has a number, whatever the order.
//!
//! `[ext 6 (end, numbers of references), [bin or nil, …, value]]`: the strings come before the value, so that decoding
//! knows at once which objects chose to be null.

use serde::ser::{Serialize, SerializeSeq, SerializeTuple, Serializer};
use sync_msgpack::{Bytes, Ext};

use super::encoder::{Encoder, check_length};
use crate::php::value::shape::End;
use crate::php::value::vec::ZendVec;
use crate::php::value::wire;
use crate::php::zend::{self, Serialized, zend_object};

/// Has the objects that were put off write themselves, before the value that starts there.
pub fn write_before(encoder: &Encoder, start: usize, out: &mut ZendVec<u8>) -> Result<(), wire::NotWritten> {
    let length = out.len() - start;
    let mut references = ZendVec::new();
    references.extend_from_slice(&End::of(&out[start..]).bytes());
    encoder.identity.references(|number| references.extend_from_slice(&number.to_be_bytes()));
    let written = write(encoder, &references, &mut wire::Serializer::new(out));
    if written.is_ok() && !out.is_cut() {
        out[start..].rotate_left(length);
    }
    written
}

/// `[ext 6 (references), [bin or nil, …` and no more: the value is the last element.
fn write<S: Serializer>(encoder: &Encoder, references: &[u8], serializer: S) -> Result<(), S::Error> {
    check_length(encoder, references.len())?;
    let objects = encoder.take_later();
    let mut pair = serializer.serialize_tuple(2)?;
    pair.serialize_element(&Ext { code: wire::AMONG, body: references })?;
    pair.serialize_element(&Strings { encoder, objects: &objects })
}

/// The strings that the `serialize()`s of these objects return. Each is called when its turn comes.
struct Strings<'a> {
    encoder: &'a Encoder,
    objects: &'a [*mut zend_object],
}

impl Serialize for Strings<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut strings = serializer.serialize_seq(Some(self.objects.len() + 1))?;
        self.encoder.identity.among(|among| {
            for &object in self.objects {
                let mut at = zend::scratch();
                // SAFETY: the identity holds them all; a string that the engine returns is this function's to free.
                unsafe {
                    zend::set_object_copy(&raw mut *at, object);
                    let serialized = among.serialize(&raw mut *at);
                    zend::release(&raw mut *at);
                    match serialized {
                        Serialized::As(bytes, len) => {
                            let result = check_length(self.encoder, len).and_then(|()| {
                                strings.serialize_element(&Bytes(std::slice::from_raw_parts(bytes, len)))
                            });
                            ext_php_rs::alloc::efree(bytes);
                            result?;
                        }
                        Serialized::Null => {
                            among.became_null(object);
                            strings.serialize_element(&())?;
                        }
                        Serialized::Thrown => return Err(self.encoder.thrown()),
                    }
                }
            }
            Ok(())
        })?;
        strings.end()
    }
}
