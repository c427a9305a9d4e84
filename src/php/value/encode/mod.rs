//! zval → MessagePack, as serde's `Serialize`: [`value`] and [`object`] call each other, as values nest.

mod encoder;
mod identity;
mod object;
mod refused;
mod serializable;
mod value;

pub use value::encode;
