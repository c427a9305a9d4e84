//! MessagePack → zval, as serde's `DeserializeSeed`: [`value`], [`object`] and [`serializable`] call each other, as values
//! nest.

mod among;
mod class;
mod classes;
mod decoder;
mod delayed;
mod ext;
mod immutable;
mod key;
mod made;
mod numbered;
mod object;
mod serializable;
mod value;

pub use immutable::{SharedKeys, decode_immutable, immutable_size};
pub use made::on_made;
pub use value::decode;
