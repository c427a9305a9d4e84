//! PHP values as MessagePack, and back: `$sync->x` gives what `unserialize(serialize($v))` would.
//!
//! Both directions go through serde: `encode` is a `Serialize` over a zval, `decode` a
//! `DeserializeSeed` that fills one, with the MessagePack of [`sync_msgpack`] between them
//! and the bytes. There is no tree of values in between: strings and arrays are read from and built
//! in the engine's own memory.
//!
//! | PHP | MessagePack |
//! | --- | --- |
//! | null, bool, int, float | nil, bool, int, float 64 |
//! | string | str where it is UTF-8, else bin |
//! | array with keys 0, 1, 2 … | array |
//! | other array | map |
//! | object, enum case, what was met before | ext types, see [`wire`] |
//!
//! **User code and `longjmp`.** Autoloaders, `__serialize` and its kin run in the middle of either
//! direction. They may throw ([`ValueError::Thrown`]), and they may make the engine leave by
//! `longjmp` (a fatal error, a time limit), over these frames: so all working memory comes from
//! Zend's allocator, which the end of the request empties, and nothing waits for a `Drop`. They may
//! also use Sync themselves: nothing here is global, so both directions are reentrant.

mod decode;
mod depth;
mod encode;
mod error;
pub mod importing;
mod item;
mod plain;
mod policy;
pub mod scalar;
mod shape;
mod sharing;
mod stack;
mod summary;
mod vec;
mod wire;

pub use decode::{SharedKeys, decode, decode_immutable, immutable_size, on_made};
pub use depth::check_depth;
pub use encode::encode;
pub use error::ValueError;
pub use plain::{is_plain, split_key};
pub use policy::{AllowedClasses, Policy};
pub use scalar::write_int;
pub use shape::{array_at, is_more_than_short, long_head};
pub use sharing::Sharing;
pub use stack::is_short as is_stack_short;
pub use summary::{Summary, summarize};
pub use vec::ZendVec;
pub use wire::Serializer;
