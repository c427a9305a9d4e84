//! Objects that write themselves by a string of their own (`Serializable`), among the other objects of a value.
//!
//! In such a string `serialize()` and `unserialize()` are user code's business. The engine lets these share what they
//! have met with those around them, and so does this. The strings are made when all else is written and read when all else
//! is there: what is both in such a string and outside of it is outside first, and has a number, whatever the order.
//!
//! `[ext 6 (end, numbers of references), [bin or nil, …, value]]`: the strings come before the value, so that decoding
//! knows at once which objects chose to be null.

use serde::ser::Serialize;

use super::encoder::{Encoder, check_length};
use crate::php::value::shape::End;
use crate::php::value::vec::ZendVec;
use crate::php::value::wire::{self, Bytes, Ext};
use crate::php::value::writer::{self, Output, Writer};
use crate::php::zend::{self, Serialized};

/// Has the objects that were put off write themselves, before the value that starts there.
pub fn write_before(encoder: &Encoder, start: usize, out: &mut ZendVec<u8>) -> Result<(), writer::Error> {
    let objects = encoder.take_later();
    let mut references = ZendVec::new();
    references.extend_from_slice(&End::of(&out[start..]).bytes());
    encoder.identity.references(|number| references.extend_from_slice(&number.to_be_bytes()));
    check_length::<&mut Writer<ZendVec<u8>>>(encoder, references.len())?;
    let length = out.len() - start;
    // An array of two: MessagePack's marker.
    out.append(&[0x92]);
    Ext { code: wire::AMONG, body: &references }.serialize(&mut Writer::new(out))?;
    let _ = rmp::encode::write_array_len(out, objects.len() as u32 + 1);
    encoder.identity.among(|among| {
        for &object in objects.iter() {
            let mut at = zend::scratch();
            // SAFETY: the identity holds them all.
            unsafe {
                zend::set_object_copy(&raw mut *at, object);
                let serialized = among.serialize(&raw mut *at);
                zend::release(&raw mut *at);
                match serialized {
                    Serialized::As(bytes, len) => {
                        let result = check_length::<&mut Writer<ZendVec<u8>>>(encoder, len).and_then(|()| {
                            let bytes = std::slice::from_raw_parts(bytes, len);
                            Bytes(bytes).serialize(&mut Writer::new(out))
                        });
                        ext_php_rs::alloc::efree(bytes);
                        result?;
                    }
                    Serialized::Null => {
                        among.became_null(object);
                        ().serialize(&mut Writer::new(out))?;
                    }
                    Serialized::Thrown => return Err(encoder.thrown()),
                }
            }
        }
        Ok(())
    })?;
    if !out.is_cut() {
        out[start..].rotate_left(length);
    }
    Ok(())
}
